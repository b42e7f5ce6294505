// Certificates taken apart, changed in whatever way, and signed again by whoever signed them, so that the signature is good.
import { sign } from 'node:crypto';
import {
  DerFields,
  decodeOid,
  encodeBitString,
  encodeDer,
  encodeOid,
  encodeSequence,
  explicitTag,
  implicitTag,
  parseDer,
  parseDerElements,
  TAG,
} from '../dist/x509/der.js';

const bytes = (hex) => Buffer.from(hex, 'hex');

/** How a key signs: the DER of the AlgorithmIdentifier, and what node:crypto needs beside the key. */
const SCHEMES = {
  rsa: { algorithm: bytes('300d06092a864886f70d01010b0500'), hash: 'sha256' },
  prime256v1: { algorithm: bytes('300a06082a8648ce3d040302'), hash: 'sha256' },
  secp384r1: { algorithm: bytes('300a06082a8648ce3d040303'), hash: 'sha384' },
  secp521r1: { algorithm: bytes('300a06082a8648ce3d040304'), hash: 'sha512' },
  ed25519: { algorithm: bytes('300506032b6570'), hash: null },
  ed448: { algorithm: bytes('300506032b6571'), hash: null },
};

function schemeOf({ asymmetricKeyType, asymmetricKeyDetails }) {
  const { [asymmetricKeyDetails.namedCurve ?? asymmetricKeyType]: scheme = SCHEMES.prime256v1 } = SCHEMES;
  return scheme;
}

/** The parts of a certificate, each as its DER; extensions as `{ oid, critical, value }`, where `critical` may be absent. */
export function takeApart(der) {
  const tbs = new DerFields(new DerFields(parseDer(der)).required(TAG.sequence));
  const version = tbs.optional(explicitTag(0))?.der;
  const serial = tbs.required().der;
  tbs.required();
  const issuer = tbs.required().der;
  const [notBefore, notAfter] = parseDerElements(tbs.required(), TAG.sequence).map((time) => time.der);
  const subject = tbs.required().der;
  const spki = tbs.required().der;
  const extensions = tbs.optional(explicitTag(3));
  return {
    version,
    serial,
    issuer,
    notBefore,
    notAfter,
    subject,
    spki,
    uniqueIds: [],
    extensions:
      extensions && parseDerElements(parseDer(extensions.content), TAG.sequence).map(takeExtensionApart),
  };
}

function takeExtensionApart(extension) {
  const fields = new DerFields(extension);
  const oid = decodeOid(fields.required());
  const critical = fields.optional(TAG.boolean)?.content[0];
  return { oid, critical, value: fields.required().content };
}

function encodeExtension({ oid, critical, value }) {
  return encodeSequence(
    encodeOid(oid),
    ...(critical === undefined ? [] : [encodeDer(TAG.boolean, Uint8Array.of(critical))]),
    encodeDer(TAG.octetString, value),
  );
}

function encodeTbs({ version, serial, issuer, notBefore, notAfter, subject, spki, ...rest }, algorithm) {
  const { uniqueIds, extensions, end = [] } = rest;
  return encodeSequence(
    ...(version === undefined ? [] : [version]),
    serial,
    algorithm,
    issuer,
    encodeSequence(notBefore, notAfter),
    subject,
    spki,
    ...uniqueIds,
    ...(extensions === undefined
      ? []
      : [encodeDer(explicitTag(3), encodeSequence(...extensions.map(encodeExtension)))]),
    ...end,
  );
}

function signTbs(tbs, key, { hash, padding, saltLength }) {
  return sign(hash, tbs, { key, padding, saltLength });
}

/**
 * Puts a certificate together and signs it.
 *
 * @param parts As {@link takeApart} gives them. `scheme`: another way to sign than is usual for the key; `outerAlgorithm`: another
 *   algorithm beside the signature than in what is signed; `end`: elements behind the extensions.
 */
export function putTogether({ scheme, outerAlgorithm, ...parts }, key) {
  const chosen = scheme ?? schemeOf(key);
  const tbs = encodeTbs(parts, chosen.algorithm);
  return encodeSequence(tbs, outerAlgorithm ?? chosen.algorithm, encodeBitString(signTbs(tbs, key, chosen)));
}

/** A certificate whose signed bytes were changed as they are, signed again. */
export function signAgain(der, key, change) {
  const [tbs, algorithm] = parseDerElements(parseDer(der), TAG.sequence);
  const changed = Buffer.from(tbs.der);
  change(changed);
  const { hash } = schemeOf(key);
  return encodeSequence(changed, algorithm.der, encodeBitString(signTbs(changed, key, { hash })));
}

/** The signature's unused bits of a certificate, said to be others. */
export function withUnusedBits(der, unusedBits) {
  const [tbs, algorithm, signature] = parseDerElements(parseDer(der), TAG.sequence);
  const content = Buffer.from(signature.content);
  content[0] = unusedBits;
  return encodeSequence(tbs.der, algorithm.der, encodeDer(TAG.bitString, content));
}

/** Values of extensions. */
export const boolean = (value) => encodeDer(TAG.boolean, Uint8Array.of(value ? 0xff : 0));
export const integer = (hex) => encodeDer(TAG.integer, bytes(hex));
export const generalName = (number, text) => encodeDer(implicitTag(number), Buffer.from(text));
export const address = (hex) => encodeDer(implicitTag(7), bytes(hex));
export const directoryName = (nameDer) => encodeDer(explicitTag(4), nameDer);
export const oids = (...dotted) => encodeSequence(...dotted.map(encodeOid));

/** DER of NameConstraints, from DER of GeneralNames. */
export function nameConstraints(permitted, excluded = []) {
  const subtrees = (number, names) =>
    names.length === 0 ? [] : [encodeDer(explicitTag(number), ...names.map((base) => encodeSequence(base)))];
  return encodeSequence(...subtrees(0, permitted), ...subtrees(1, excluded));
}

/** DER of a Name with one attribute in each RDN: `[oid, tag, bytes]`. */
export function name(...attributes) {
  return encodeSequence(
    ...attributes.map(([oid, tag, value]) =>
      encodeDer(TAG.set, encodeSequence(encodeOid(oid), encodeDer(tag, Buffer.from(value)))),
    ),
  );
}
