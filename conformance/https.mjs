// One request over TLS with whatever client certificate there is, and what came of it.
import { request } from 'node:https';

/**
 * Sends one request. Does not throw where it is refused.
 *
 * @param options `url`, `ca` (PEM; absent: the server is believed), `cert` and `key` (PEM; absent: no client
 *   certificate), `method`, `headers`, `body` (an object, sent as JSON).
 * @returns `{ status, body }` of the answer, or `{ refusal }`: how the connection ended without one.
 */
export function ask({ url, ca, cert, key, method = 'GET', headers = {}, body }) {
  return new Promise((resolve) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const outgoing = request(
      url,
      {
        ca,
        cert,
        key,
        method,
        agent: false,
        rejectUnauthorized: ca !== undefined,
        // In TLS 1.3 a client may write before it learns that it is refused, and then see a reset and no alert.
        maxVersion: 'TLSv1.2',
        timeout: 20_000,
        headers: text === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
      },
      (response) => {
        response
          .setEncoding('utf8')
          .toArray()
          .then(
            (chunks) => resolve({ status: response.statusCode, body: chunks.join('') }),
            (error) => resolve({ refusal: error.message }),
          );
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
    outgoing.on('error', (error) => resolve({ refusal: error.message }));
    outgoing.end(text);
  });
}
