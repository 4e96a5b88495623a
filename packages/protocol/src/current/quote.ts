/** What needs no escape in JSON, of the characters that client ids are usually made of. */
const PLAIN = /^[\w.~:-]*$/;

/** A client id as JSON text: half the cost of JSON.stringify for the usual ones. */
export const quoteClientId = (clientId: string): string =>
  PLAIN.test(clientId) ? `"${clientId}"` : JSON.stringify(clientId);
