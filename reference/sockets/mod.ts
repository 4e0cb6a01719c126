/**
 * Byte channels over UNIX and TCP sockets, on every runtime.
 *
 * @module
 */

export type { ByteChannel } from "./byte_channel.ts";
export { connectSocket, connectThrough } from "./connect_socket.ts";
export { denoSockets } from "./deno_sockets.ts";
export {
  type ListenOptions,
  listenSocket,
  type SocketListener,
} from "./listen_socket.ts";
export { nodeSockets } from "./node_sockets.ts";
export type { RuntimeSockets } from "./runtime_sockets.ts";
export { parseSocketAddress, type SocketAddress } from "./socket_address.ts";
export { socketsHere } from "./sockets_here.ts";
export { SocketError } from "./socket_error.ts";
export { SocketPlace, type SocketPlaceOptions } from "./socket_place.ts";
