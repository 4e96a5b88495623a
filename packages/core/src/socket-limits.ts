/**
 * Bytes that one socket is handed, or left with, before the engine waits for it to take them. One more frame or answer may come to 400 KB, live frames
 * come beside it, and a socket that holds back a megabyte is ended by its transport.
 */
export const MAX_BYTES_AT_ONCE = 262_144;
