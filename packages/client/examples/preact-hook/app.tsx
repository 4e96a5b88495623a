// A chat in the browser. In a copy of this folder, with a server on port 3128 (`npm start` of the Parley repository):
//
//   npm install /path/to/parley-client-0.1.0.tgz preact esbuild
//   npx esbuild app.tsx --bundle --jsx=automatic --jsx-import-source=preact --outdir=. --servedir=. --serve=localhost:8000
//
// Then open http://localhost:8000/app.html?me=1&other=2, and ?me=2&other=1 in another window. `url` names another server.
import { type ChatClient, type ChatMessage, type ClientState, createChatClient } from '@parley/client';
import { render } from 'preact';
import { useEffect, useState } from 'preact/compat';
import { useConversation } from './use-conversation.ts';

function useClientState(client: ChatClient): ClientState {
  const [state, setState] = useState(client.state);
  useEffect(() => client.on('state', setState), [client]);
  return state;
}

function Conversation({ client, id }: { readonly client: ChatClient; readonly id: number }) {
  const { messages, pending, typing, hasOlder, loadOlder, send, setTyping } = useConversation(client, id);
  const conversation = client.conversation(id);
  const mark = (message: ChatMessage): string =>
    message.senderId === client.user?.id ? ` (${conversation.statusOf(message)})` : '';
  const onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    send(String(new FormData(form).get('text')));
    form.reset();
  };
  return (
    <section>
      {hasOlder && (
        <button type="button" onClick={() => void loadOlder().catch(() => undefined)}>
          Older
        </button>
      )}
      <ol id="messages">
        {messages.map((item) => (
          <li key={item.seq}>
            {item.senderName}: {item.type === 'message' ? item.text + mark(item) : item.change.kind}
          </li>
        ))}
      </ol>
      <ol id="pending">
        {pending.map((handle) => (
          <li key={handle.clientId}>{handle.text}</li>
        ))}
      </ol>
      <p id="typing">{typing.length > 0 ? 'typing …' : ''}</p>
      <form onSubmit={onSubmit}>
        <input name="text" autocomplete="off" onInput={() => setTyping()} />
      </form>
    </section>
  );
}

function App({ client, other }: { readonly client: ChatClient; readonly other: number }) {
  const state = useClientState(client);
  const [id, setId] = useState<number | null>(null);
  useEffect(() => {
    client.openPersonal(other).then(
      (conversation) => setId(conversation.id),
      () => setId(null),
    );
  }, [client, other]);
  return (
    <main>
      <p id="state">{state.status}</p>
      {id !== null && <Conversation client={client} id={id} />}
    </main>
  );
}

const query = new URLSearchParams(location.search);
const url = query.get('url') ?? 'ws://localhost:3128';
const client = createChatClient({ url, userId: Number(query.get('me')) });
render(<App client={client} other={Number(query.get('other'))} />, document.body);
