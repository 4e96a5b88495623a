// Stands in for an edge: a WebSocket port that says who it is, and an admin port with /readyz. SIGUSR2 makes it not
// ready, as an edge that drains. With STAND_IN_FAILS it gives up at once.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const { HOST, PORT, PARLEY_ADMIN_PORT, STAND_IN_FAILS } = process.env;
if (STAND_IN_FAILS !== undefined) {
  console.error(`stand-in: ${STAND_IN_FAILS}`);
  process.exit(3);
}

let ready = true;
process.on('SIGUSR2', () => {
  ready = false;
});

const server = createServer((_request, response) => response.writeHead(404).end());
const sockets = new WebSocketServer({ server });
sockets.on('connection', (socket) => {
  socket.send(JSON.stringify({ pid: process.pid, env: process.env }));
  socket.on('message', (data) => socket.send(String(data)));
});
createServer((request, response) => {
  const ok = request.url === '/readyz' && ready;
  response.writeHead(ok ? 200 : 503).end(ok ? 'ready' : 'draining');
}).listen(Number(PARLEY_ADMIN_PORT), HOST);
server.listen(Number(PORT), HOST);

process.on('SIGTERM', () => {
  for (const socket of sockets.clients) socket.close(1012);
  process.exit(0);
});
