import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  encodeBitString,
  encodeDer,
  encodeInteger,
  encodeOid,
  encodeSequence,
  explicitTag,
  TAG,
} from '../../src/x509/der.ts';
import { encodeName } from '../../src/x509/name.ts';
import { encodeTime } from '../../src/x509/time.ts';

const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const ECDSA_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex');

/** DER of the public key that signed every forged certificate, and that it certifies. */
export const forgerSpkiDer: Uint8Array = pair.publicKey.export({ type: 'spki', format: 'der' });

/** The parts of a certificate that a test wants otherwise, as DER, right or wrong. */
export interface Forgery {
  /** Absent: no version field at all. */
  readonly version?: number;
  readonly serial?: Uint8Array;
  readonly subjectDer?: Uint8Array;
  readonly issuerDer?: Uint8Array;
  readonly notBeforeDer?: Uint8Array;
  readonly notAfterDer?: Uint8Array;
  readonly spkiDer?: Uint8Array;
  /** Elements between the public key and the extensions. */
  readonly uniqueIds?: readonly Uint8Array[];
  /** DER of each Extension. */
  readonly extensions?: readonly Uint8Array[];
  readonly tbsAlgorithm?: Uint8Array;
  readonly signature?: { readonly algorithm: Uint8Array; readonly hash: string; readonly key: KeyObject };
}

/** A certificate that `issueCertificate` would never make. The signature is right. */
export function forgeCertificate(forgery: Forgery): Uint8Array {
  const { algorithm, hash, key } = forgery.signature ?? {
    algorithm: ECDSA_SHA256,
    hash: 'sha256',
    key: pair.privateKey,
  };
  const name = encodeName({ commonName: 'forged' });
  const version = forgery.version ?? (forgery.extensions === undefined ? undefined : 3);
  const tbs = encodeSequence(
    ...(version === undefined ? [] : [encodeDer(explicitTag(0), encodeInteger(Uint8Array.of(version - 1)))]),
    encodeDer(TAG.integer, forgery.serial ?? Uint8Array.of(1)),
    forgery.tbsAlgorithm ?? algorithm,
    forgery.issuerDer ?? name,
    encodeSequence(
      forgery.notBeforeDer ?? encodeTime(new Date('2026-01-01T00:00:00Z')),
      forgery.notAfterDer ?? encodeTime(new Date('2036-01-01T00:00:00Z')),
    ),
    forgery.subjectDer ?? name,
    forgery.spkiDer ?? forgerSpkiDer,
    ...(forgery.uniqueIds ?? []),
    ...(forgery.extensions === undefined
      ? []
      : [encodeDer(explicitTag(3), encodeSequence(...forgery.extensions))]),
  );
  return encodeSequence(tbs, algorithm, encodeBitString(sign(hash, tbs, key)));
}

/** DER of an Extension with any value. */
export function forgeExtension(oid: string, value: Uint8Array, critical?: number): Uint8Array {
  return encodeSequence(
    encodeOid(oid),
    ...(critical === undefined ? [] : [encodeDer(TAG.boolean, Uint8Array.of(critical))]),
    encodeDer(TAG.octetString, value),
  );
}
