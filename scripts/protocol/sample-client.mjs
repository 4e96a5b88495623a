/** `identity` is `{ token }`, or `{ user_id }` in development. Node 20 needs the WebSocket of the package "ws". */
export function openChat({ url, identity, onFrame, WebSocket = globalThis.WebSocket }) {
  const cursors = {}; // conversation -> everything up to this number is here
  const outbox = new Map(); // client id -> a send that has no answer yet
  const own = new Set(); // message ids of own sends: after a reconnect they come again
  const run = Math.random().toString(36).slice(2);
  let [socket, timer, epoch, heartbeatMs, hintMs] = [null, null, undefined, 25_000, undefined];
  let [failures, sends, ended] = [0, 0, false];

  const write = (frame) => socket?.readyState === 1 && socket.send(JSON.stringify(frame));
  const after = (ms, action) => {
    clearTimeout(timer);
    timer = setTimeout(action, ms);
  };

  function connect() {
    const opened = new WebSocket(url);
    socket = opened;
    opened.onopen = () =>
      write({ type: 'hello', v: 2, ...identity, cursors, ...(epoch === undefined ? {} : { epoch }) });
    opened.onmessage = ({ data }) => opened === socket && receive(JSON.parse(data));
    opened.onclose = ({ code }) => opened === socket && lost(code);
    opened.onerror = () => {}; // a close follows
    after(10_000, () => lost(1006));
  }

  function lost(code) {
    const old = socket;
    socket = null;
    old?.close();
    clearTimeout(timer);
    if (ended || code >= 4500) return onFrame({ type: 'closed', code });
    after(hintMs ?? Math.random() * Math.min(30_000, 500 * 2 ** failures), connect);
    failures += 1;
    hintMs = undefined;
  }

  function receive(frame) {
    const { type, conv_id, seq } = frame;
    after(heartbeatMs, () => {
      write({ type: 'ping' });
      after(10_000, () => lost(1006));
    });
    if (type === 'welcome') ({ epoch, heartbeat_ms: heartbeatMs } = frame);
    if (type === 'sync_complete') failures = 0;
    if (type === 'sync_complete') outbox.forEach(write); // the same client ids: nothing is stored twice
    if (type === 'goaway') hintMs = frame.reconnect_after_ms;
    if (type === 'reset') cursors[conv_id] = seq; // and forget what you have of it
    if (type === 'synced') cursors[conv_id] = Math.max(seq, cursors[conv_id] ?? 0);
    if (type === 'ack' && outbox.delete(frame.client_id)) own.add(frame.message_id);
    if (type === 'error' && !frame.temporary) outbox.delete(frame.ref);
    if (type === 'error' && outbox.has(frame.ref)) {
      setTimeout(() => outbox.has(frame.ref) && write(outbox.get(frame.ref)), frame.retry_after_ms ?? 1_000);
    }
    if (type === 'personal' || type === 'group' || type === 'event') {
      if (seq <= (cursors[conv_id] ?? 0)) return; // here already
      cursors[conv_id] = seq;
      write({ type: 'delivered', conv_id, seq });
      if (own.delete(frame.message_id)) return;
    }
    onFrame(frame);
  }

  connect();
  return {
    send(type, conv_id, msg) {
      sends += 1;
      const client_id = `${run}-${sends}`;
      outbox.set(client_id, { type, conv_id, msg, client_id, ref: client_id });
      write(outbox.get(client_id));
      return client_id;
    },
    request: write, // any other frame
    close() {
      ended = true;
      write({ type: 'bye' });
      lost(1000);
    },
  };
}
