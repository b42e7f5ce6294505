// Certificates taken apart and put together again, for what openssl does not write by itself. Shares nothing with src/x509.
import { X509Certificate } from 'node:crypto';

export const TAG = Object.freeze({
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
  extensions: 0xa3,
});

const hexOf = (number) => number.toString(16).replace(/^(?=(?:..)*.$)/, '0');
const bytesOf = (part) => (typeof part === 'string' ? Buffer.from(part) : part);

/** One element; text stands for its UTF-8. */
export function der(tag, ...parts) {
  const content = Buffer.concat(parts.map(bytesOf));
  const length = Buffer.from(hexOf(content.length), 'hex');
  const long = content.length < 0x80 ? [] : [Buffer.from([0x80 | length.length])];
  return Buffer.concat([Buffer.from([tag]), ...long, length, content]);
}

export const sequence = (...parts) => der(TAG.sequence, ...parts);
export const hex = (digits) => Buffer.from(digits.replaceAll(' ', ''), 'hex');

export function oid(text) {
  const [first, second, ...rest] = text.split('.').map(Number);
  const arcs = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return der(TAG.oid, Buffer.from(arcs));
}

/** The elements that stand one after the other in these bytes, each with its tag and header. */
function elementsOf(bytes) {
  const elements = [];
  for (let rest = bytes; rest.length > 0; ) {
    const extra = rest[1] < 0x80 ? 0 : rest[1] & 0x7f;
    const length = extra === 0 ? rest[1] : rest.readUIntBE(2, extra);
    elements.push(rest.subarray(0, 2 + extra + length));
    rest = rest.subarray(2 + extra + length);
  }
  return elements;
}

/** What an element holds. */
function contentOf(element) {
  return element.subarray(element[1] < 0x80 ? 2 : 2 + (element[1] & 0x7f));
}

export const childrenOf = (element) => elementsOf(contentOf(element));

/** A number that is not negative. */
export const integer = (number) =>
  der(TAG.integer, Buffer.from(hexOf(number).replace(/^(?=[89a-f])/, '00'), 'hex'));

/** An Extension as it is encoded. `critical` is the byte of the BOOLEAN; absent, it is left out. */
export function extension(id, value, critical) {
  const flag = critical === undefined ? [] : [der(TAG.boolean, Buffer.from([critical]))];
  return sequence(oid(id), ...flag, der(TAG.octetString, value));
}

/** The fields of what is signed of a certificate of version 3, each as its element. */
export function fieldsOf(pem) {
  const [tbs] = childrenOf(new X509Certificate(pem).raw);
  const [version, serial, algorithm, issuer, validity, subject, key, extensions] = childrenOf(tbs);
  return {
    version,
    serial,
    algorithm,
    issuer,
    validity,
    subject,
    key,
    extensions: childrenOf(childrenOf(extensions)[0]),
  };
}

/** What is to be signed. A version that is undefined and extensions that are are left out. */
export function encodeFields({ version, serial, algorithm, issuer, validity, subject, key, extensions }) {
  const last = extensions === undefined ? [] : [der(TAG.extensions, sequence(...extensions))];
  const first = version === undefined ? [] : [version];
  return sequence(...first, serial, algorithm, issuer, validity, subject, key, ...last);
}

export function encodeSigned(tbs, algorithm, signature) {
  return sequence(tbs, algorithm, der(TAG.bitString, Buffer.from([0]), signature));
}

export function pemOf(label, bytes) {
  const lines = bytes.toString('base64').match(/.{1,64}/g);
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** The extensions with that of the same kind replaced. */
export function withExtension(extensions, replacement) {
  const [id] = childrenOf(replacement);
  return extensions.map((own) => (childrenOf(own)[0].equals(id) ? replacement : own));
}
