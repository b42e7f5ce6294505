import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { strictReader } from '../../src/x509/certificate-reader.ts';
import { encodeDer, encodeSequence, TAG } from '../../src/x509/der.ts';
import type { Certificate } from '../../src/x509/model.ts';
import { encodeName } from '../../src/x509/name.ts';
import { PATH_RULES, type PathProblem } from '../../src/x509/path-rules.ts';
import { type PathOptions, type PathValidation, validatePath } from '../../src/x509/path.ts';
import { forgeCertificate, type Forgery, forgeExtension } from './forge.ts';

export const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** Whoever has a name and a key. */
export interface Holder {
  readonly name: string;
  readonly privateKey: KeyObject;
  readonly spkiDer: Uint8Array;
}

export function holder(
  name: string,
  { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
): Holder {
  return { name, privateKey, spkiDer: publicKey.export({ type: 'spki', format: 'der' }) };
}

export const ROOT: Holder = holder('root');
export const CA: Holder = holder('ca');
export const LEAF: Holder = holder('leaf');

export const KEY_USAGE = '2.5.29.15';
export const SUBJECT_ALT_NAME = '2.5.29.17';
export const BASIC_CONSTRAINTS = '2.5.29.19';
export const NAME_CONSTRAINTS = '2.5.29.30';
export const EXT_KEY_USAGE = '2.5.29.37';
export const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';
export const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35';

/** DER of a NameConstraints, from DER of GeneralNames. */
export function nameConstraints(
  permitted: readonly Uint8Array[],
  excluded: readonly Uint8Array[] = [],
): Uint8Array {
  const subtrees = (tag: number, names: readonly Uint8Array[]): readonly Uint8Array[] =>
    names.length === 0 ? [] : [encodeDer(tag, ...names.map((name) => encodeSequence(name)))];
  return encodeSequence(...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded));
}

export const dns = (text: string): Uint8Array => encodeDer(0x82, Buffer.from(text));
export const email = (text: string): Uint8Array => encodeDer(0x81, Buffer.from(text));
export const uri = (text: string): Uint8Array => encodeDer(0x86, Buffer.from(text));
export const ip = (hex: string): Uint8Array => encodeDer(0x87, bytes(hex));
export const directory = (nameDer: Uint8Array): Uint8Array => encodeDer(0xa4, nameDer);

/** What a test wants otherwise than in a sound certificate. */
export interface Change extends Omit<Forgery, 'extensions'> {
  /** Values of extensions by OID, critical or not as is usual; none: the extension is left out. */
  readonly values?: Readonly<Record<string, string | Uint8Array | undefined>>;
  /** OIDs of extensions that are critical where others are not, or the other way round. */
  readonly turned?: readonly string[];
  /** No extension at all. */
  readonly isBare?: boolean;
}

const CRITICAL: ReadonlySet<string> = new Set([KEY_USAGE, BASIC_CONSTRAINTS, NAME_CONSTRAINTS]);

/** A certificate as RFC 5280 wants it, but for the changes. Key identifiers are the names of the holders. */
export function certify(
  subject: Holder,
  issuer: Holder,
  isCa: boolean,
  { values = {}, turned = [], isBare = false, ...forgery }: Change = {},
): Certificate {
  const usual = {
    [KEY_USAGE]: isCa ? '03020106' : '03020780',
    ...(isCa ? { [BASIC_CONSTRAINTS]: '30030101ff' } : {}),
    ...(isCa ? {} : { [SUBJECT_ALT_NAME]: encodeSequence(encodeDer(0x82, Buffer.from('a.example'))) }),
    [SUBJECT_KEY_IDENTIFIER]: encodeDer(TAG.octetString, Buffer.from(subject.name)),
    ...(subject === issuer
      ? {}
      : { [AUTHORITY_KEY_IDENTIFIER]: encodeSequence(encodeDer(0x80, Buffer.from(issuer.name))) }),
  };
  const extensions = Object.entries({ ...usual, ...values }).flatMap(([oid, value]) => {
    if (value === undefined) return [];
    const isCritical = CRITICAL.has(oid) !== turned.includes(oid);
    const der = typeof value === 'string' ? bytes(value) : value;
    return [forgeExtension(oid, der, isCritical ? 0xff : undefined)];
  });
  const der = forgeCertificate({
    subjectDer: encodeName({ commonName: subject.name }),
    issuerDer: encodeName({ commonName: issuer.name }),
    spkiDer: subject.spkiDer,
    signature: { algorithm: bytes('300a06082a8648ce3d040302'), hash: 'sha256', key: issuer.privateKey },
    ...(isBare ? {} : { extensions }),
    ...forgery,
  });
  return strictReader.parse(der);
}

export const AT: Date = new Date('2026-12-01T00:00:00Z');

/** The chain root, CA and leaf with changes, validated for a server unless the options say otherwise. */
export interface Chain {
  readonly root?: Change;
  readonly ca?: Change;
  readonly leaf?: Change;
  readonly options?: Partial<PathOptions>;
}

export function validateChain({ root, ca, leaf, options }: Chain): PathValidation {
  return validatePath(certify(LEAF, CA, false, leaf), {
    anchors: [certify(ROOT, ROOT, true, root)],
    intermediates: [certify(CA, ROOT, true, ca)],
    at: AT,
    purpose: 'serverAuth',
    ...options,
  });
}

/** The problems of the path that is valid, or else of the one tried last. */
function foremost({ valid, others }: PathValidation): readonly PathProblem[] {
  const problems = (valid ?? others.at(-1))?.problems ?? [];
  if ((valid === undefined) !== problems.some(({ rule }) => PATH_RULES[rule].isRefused))
    throw new Error('validity and problems do not agree');
  return problems;
}

export function rulesOf(validation: PathValidation): readonly string[] {
  return foremost(validation).map(({ rule }) => rule);
}

/** As `ca validity`. */
export function problemsOf(validation: PathValidation): readonly string[] {
  return foremost(validation).map(
    ({ rule, certificate }) => `${certificate.subject.attributes[0]?.value ?? 'nameless'} ${rule}`,
  );
}
