import { X509Certificate } from 'node:crypto';
// Node 20 loads a part of node:tls inside `toLegacyObject`. Where that part comes before the whole, `tls` stays without
// `createSecureContext` in this process, and with it every later test file of the same worker.
import 'node:tls';

/** The subject of a certificate as Node reads it, by attribute. */
export function subjectByNode(certificate: X509Certificate | Uint8Array): unknown {
  const read = certificate instanceof X509Certificate ? certificate : new X509Certificate(certificate);
  return read.toLegacyObject().subject;
}
