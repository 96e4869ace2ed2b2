// uWebSockets, as Bun has it, doing what the bare loop does: what a sender says goes to everybody
// else as it is, but for the number of the message.
const ROOM = "room";
const UNNUMBERED = "0000000000";
let seq = 1_000_000_000;
// A certificate and its key, for the rows over TLS.
const [cert, key] = Bun.argv.slice(2);
const tls = cert ? { cert: Bun.file(cert), key: Bun.file(key) } : undefined;

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  tls,
  fetch(request, server) {
    const sender = new URL(request.url).pathname === "/send";
    if (server.upgrade(request, { data: { sender } })) return undefined;
    return new Response("only WebSockets here", { status: 400 });
  },
  websocket: {
    perMessageDeflate: false,
    // As much as a slow socket is given anywhere in this comparison.
    backpressureLimit: 1024 * 1024,
    idleTimeout: 0,
    open(socket) {
      if (!socket.data.sender) socket.subscribe(ROOM);
    },
    message(_socket, text) {
      seq += 1;
      server.publish(ROOM, text.replace(UNNUMBERED, String(seq)));
    },
  },
});

console.log(JSON.stringify({ event: "ready", gateway: `${tls ? "wss" : "ws"}://127.0.0.1:${server.port}/gateway` }));
