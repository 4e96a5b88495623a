/** `identity` is `{ token }`, or `{ user_id }` in development. Node 20 needs the WebSocket of the package "ws". */
export function openChat({ url, identity, onFrame, WebSocket = globalThis.WebSocket }) {
  const cursors = {}; // conversation -> everything up to this number is here
  const outbox = new Map(); // client id -> a send that has no answer yet
  const busy = new Set(); // conversations with a send under way: one at a time, so that none overtakes another
  const run = `${Math.random().toString(36).slice(2)}-`; // begins the client ids of this run
  let [socket, timer, epoch, newEpoch, heartbeatMs, hintMs] = [null, null, undefined, undefined, 25_000, undefined];
  let [failures, sends, ended, synced] = [0, 0, false, false];

  const write = (frame) => socket?.readyState === 1 && socket.send(JSON.stringify(frame));
  const after = (ms, action) => {
    clearTimeout(timer);
    timer = setTimeout(action, ms);
  };
  const pump = () => {
    for (const frame of synced ? outbox.values() : []) {
      if (busy.has(frame.conv_id)) continue;
      busy.add(frame.conv_id);
      write(frame); // the same client id each time: nothing is stored twice
    }
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
    [socket, synced] = [null, false];
    busy.clear();
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
    if (type === 'welcome') ({ epoch: newEpoch, heartbeat_ms: heartbeatMs } = frame);
    if (type === 'welcome') epoch ??= newEpoch;
    if (type === 'sync_complete') [failures, synced, epoch] = [0, true, newEpoch]; // now all cursors are of this store
    if (type === 'goaway') hintMs = frame.reconnect_after_ms;
    if (type === 'reset') cursors[conv_id] = seq; // and forget what you have of it
    if (type === 'synced') cursors[conv_id] = Math.max(seq, cursors[conv_id] ?? 0);
    const sent = outbox.get(type === 'ack' ? frame.client_id : frame.ref);
    if (sent) {
      const again = type === 'error' && frame.temporary;
      if (!again) outbox.delete(sent.client_id);
      const next = () => busy.delete(sent.conv_id) && pump();
      setTimeout(next, again ? (frame.retry_after_ms ?? 1_000) : 0);
    }
    if (type === 'sync_complete') pump();
    if (type === 'personal' || type === 'group' || type === 'event') {
      if (seq <= (cursors[conv_id] ?? 0)) return; // here already
      cursors[conv_id] = seq;
      write({ type: 'delivered', conv_id, seq });
      if (frame.client_id.startsWith(run)) return; // an own one that came again: its ack is shown
    }
    onFrame(frame);
  }

  connect();
  return {
    send(type, conv_id, msg) {
      sends += 1;
      const client_id = run + sends;
      outbox.set(client_id, { type, conv_id, msg, client_id, ref: client_id });
      pump();
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
