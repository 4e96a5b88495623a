import uWS from 'uWebSockets.js';

/** A bare uWebSockets.js echo server on a free loopback port; prints {"url"}; ends when its standard input ends. */
export function main(): void {
  uWS
    .App()
    .ws('/*', {
      compression: 0,
      message: (socket, message) => {
        socket.send(message, false);
      },
    })
    .listen('127.0.0.1', 0, (listening) => {
      if (listening === false) throw new Error('cannot listen on a loopback port');
      console.log(JSON.stringify({ url: `ws://127.0.0.1:${uWS.us_socket_local_port(listening)}` }));
    });
  process.stdin.once('end', () => process.exit(0)).resume();
}
