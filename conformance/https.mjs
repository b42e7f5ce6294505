// One request over TLS with whatever client certificate there is, and what came of it.
import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';

const plainHex = (fingerprint) => fingerprint.replaceAll(':', '').toLowerCase();

/** By what a certificate is known: SHA-256 of its DER, in plain hexadecimal digits. Of a text with several, the first. */
export const fingerprintOf = (pem) => plainHex(new X509Certificate(pem).fingerprint256);

/**
 * Sends one request. Does not throw where it is refused.
 *
 * @param options `url`, `ca` (PEM; absent: the server is believed), `cert` and `key` (PEM; absent: no client
 *   certificate), `method`, `headers`, `body` (an object, sent as JSON), `agent` (absent: the connection is the request's own).
 * @returns `{ status, body, shown, isReused }` of the answer, with the fingerprint of what the server showed and whether
 *   the connection was there before; or `{ refusal }`: how the connection ended without one.
 */
export function ask({ url, ca, cert, key, method = 'GET', headers = {}, body, agent = false }) {
  return new Promise((resolve) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const outgoing = request(
      url,
      {
        ca,
        cert,
        key,
        method,
        agent,
        rejectUnauthorized: ca !== undefined,
        // In TLS 1.3 a client may write before it learns that it is refused, and then see a reset and no alert.
        maxVersion: 'TLSv1.2',
        timeout: 20_000,
        headers: text === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
      },
      (response) => {
        const { fingerprint256 = '' } = response.socket.getPeerCertificate();
        const connection = { shown: plainHex(fingerprint256), isReused: outgoing.reusedSocket };
        response
          .setEncoding('utf8')
          .toArray()
          .then(
            (chunks) => resolve({ status: response.statusCode, body: chunks.join(''), ...connection }),
            (error) => resolve({ refusal: error.message }),
          );
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
    outgoing.on('error', (error) => resolve({ refusal: error.message }));
    outgoing.end(text);
  });
}
