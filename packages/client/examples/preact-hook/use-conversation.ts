import type { ChatClient, ConversationSnapshot, SendHandle } from '@parley/client';
import { useCallback, useEffect, useSyncExternalStore } from 'preact/compat';

export interface UseConversation extends ConversationSnapshot {
  send(text: string): SendHandle;
  loadOlder(): Promise<number>;
  setTyping(active?: boolean): void;
}

/**
 * A conversation as state: the component renders again when something changes in it. The newest messages are read when it is
 * first shown, and what is shown counts as seen while the page is visible. For React, import the three from `react`.
 */
export function useConversation(client: ChatClient, conversationId: number): UseConversation {
  const conversation = client.conversation(conversationId);
  const subscribe = useCallback((changed: () => void) => conversation.subscribe(changed), [conversation]);
  const snapshot = useSyncExternalStore(subscribe, () => conversation.snapshot);

  useEffect(() => {
    // Without a connection it is tried for a while; the button for older messages is the way then.
    if (conversation.messages.length === 0) conversation.loadOlder().catch(() => undefined);
  }, [conversation]);

  const newest = snapshot.messages.at(-1)?.seq ?? 0;
  useEffect(() => {
    const seen = (): void => {
      if (document.visibilityState === 'visible') conversation.markSeen(newest);
    };
    seen();
    document.addEventListener('visibilitychange', seen);
    return () => document.removeEventListener('visibilitychange', seen);
  }, [conversation, newest]);

  return {
    ...snapshot,
    send: (text) => conversation.send(text),
    loadOlder: () => conversation.loadOlder(),
    setTyping: (active) => conversation.setTyping(active),
  };
}
