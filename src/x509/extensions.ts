import {
  encodeBitString,
  encodeDer,
  encodeInteger,
  encodeOid,
  encodeSequence,
  implicitTag,
  TAG,
} from './der.ts';
import { ipToBytes } from './ip.ts';
import { EXT_KEY_USAGE_OIDS, type GeneralName, KEY_USAGES, type KeyUsage } from './model.ts';

/** The extensions whose meaning is known here (RFC 5280 4.2.1), as the fields of a certificate that hold them. */
export const EXTENSION_FIELDS = [
  'keyUsage',
  'extKeyUsage',
  'basicConstraints',
  'subjectKeyIdentifier',
  'authorityKeyIdentifier',
  'subjectAltName',
] as const;
export type ExtensionField = (typeof EXTENSION_FIELDS)[number];

export const EXTENSION_OIDS: Readonly<Record<ExtensionField, string>> = Object.freeze({
  keyUsage: '2.5.29.15',
  extKeyUsage: '2.5.29.37',
  basicConstraints: '2.5.29.19',
  subjectKeyIdentifier: '2.5.29.14',
  authorityKeyIdentifier: '2.5.29.35',
  subjectAltName: '2.5.29.17',
});

/** What a certificate's extensions are to say. */
export interface ExtensionValues {
  readonly keyUsage: readonly KeyUsage[];
  /** Names of {@link EXT_KEY_USAGE_OIDS}, or dotted OIDs. */
  readonly extKeyUsage: readonly string[];
  readonly isCa: boolean;
  /** How many CAs may follow below; only of a CA. */
  readonly pathLength?: number;
  readonly subjectKeyIdentifier: Uint8Array;
  readonly authorityKeyIdentifier?: Uint8Array;
  /** DNS names in ASCII and IP addresses. */
  readonly sans: readonly GeneralName[];
}

/**
 * Encodes the Extensions of a certificate in Go's order, key usage and basic constraints critical (kubeadm.md 1.2).
 * What has nothing to say is left out.
 *
 * @throws {RangeError} for a name that cannot stand in a certificate.
 */
export function encodeExtensions(values: ExtensionValues): Uint8Array {
  const { keyUsage, extKeyUsage, sans, authorityKeyIdentifier } = values;
  return encodeSequence(
    ...(keyUsage.length === 0 ? [] : [encodeExtension('keyUsage', encodeKeyUsage(keyUsage))]),
    ...(extKeyUsage.length === 0 ? [] : [encodeExtension('extKeyUsage', encodeExtKeyUsage(extKeyUsage))]),
    encodeExtension('basicConstraints', encodeBasicConstraints(values)),
    encodeExtension('subjectKeyIdentifier', encodeDer(TAG.octetString, values.subjectKeyIdentifier)),
    ...(authorityKeyIdentifier === undefined
      ? []
      : [
          encodeExtension(
            'authorityKeyIdentifier',
            encodeSequence(encodeDer(implicitTag(0), authorityKeyIdentifier)),
          ),
        ]),
    ...(sans.length === 0 ? [] : [encodeExtension('subjectAltName', encodeGeneralNames(sans))]),
  );
}

/** What a request asks for: the rest of a certificate's extensions is its CA's to say. */
export type RequestedExtensions = Pick<ExtensionValues, 'keyUsage' | 'extKeyUsage' | 'sans'>;

/**
 * Encodes the Extensions of a request, as {@link encodeExtensions}; undefined where there is nothing to ask for.
 *
 * @throws {RangeError} for a name that cannot stand in a certificate.
 */
export function encodeRequestedExtensions({
  keyUsage,
  extKeyUsage,
  sans,
}: RequestedExtensions): Uint8Array | undefined {
  const extensions = [
    ...(keyUsage.length === 0 ? [] : [encodeExtension('keyUsage', encodeKeyUsage(keyUsage))]),
    ...(extKeyUsage.length === 0 ? [] : [encodeExtension('extKeyUsage', encodeExtKeyUsage(extKeyUsage))]),
    ...(sans.length === 0 ? [] : [encodeExtension('subjectAltName', encodeGeneralNames(sans))]),
  ];
  return extensions.length === 0 ? undefined : encodeSequence(...extensions);
}

function encodeExtension(name: ExtensionField, value: Uint8Array): Uint8Array {
  const isCritical = name === 'keyUsage' || name === 'basicConstraints';
  return encodeSequence(
    encodeOid(EXTENSION_OIDS[name]),
    // FALSE is the default, which DER leaves out.
    ...(isCritical ? [encodeDer(TAG.boolean, Uint8Array.of(0xff))] : []),
    encodeDer(TAG.octetString, value),
  );
}

function encodeKeyUsage(keyUsage: readonly KeyUsage[]): Uint8Array {
  const bits = KEY_USAGES.map((usage) => keyUsage.includes(usage));
  // A list of named bits ends with its last set bit (X.690 11.2.2).
  const length = bits.lastIndexOf(true) + 1;
  const bytes = new Uint8Array(Math.ceil(length / 8));
  bits.forEach((isSet, bit) => {
    if (isSet) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  });
  return encodeBitString(bytes, bytes.length * 8 - length);
}

function encodeExtKeyUsage(extKeyUsage: readonly string[]): Uint8Array {
  const oids: ReadonlyMap<string, string> = new Map(Object.entries(EXT_KEY_USAGE_OIDS));
  return encodeSequence(...extKeyUsage.map((usage) => encodeOid(oids.get(usage) ?? usage)));
}

function encodeBasicConstraints({
  isCa,
  pathLength,
}: Pick<ExtensionValues, 'isCa' | 'pathLength'>): Uint8Array {
  if (!isCa) return encodeSequence();
  const isCaDer = encodeDer(TAG.boolean, Uint8Array.of(0xff));
  return pathLength === undefined
    ? encodeSequence(isCaDer)
    : encodeSequence(isCaDer, encodeInteger(Uint8Array.of(pathLength)));
}

function encodeGeneralNames(names: readonly GeneralName[]): Uint8Array {
  // All DNS names, then all IP addresses, as Go (kubeadm.md 1.2).
  return encodeSequence(
    ...names.filter(({ kind }) => kind === 'dns').map(({ value }) => encodeDnsName(value)),
    ...names.filter(({ kind }) => kind !== 'dns').map(encodeIpAddress),
  );
}

function encodeDnsName(value: string): Uint8Array {
  if (!/^[\x21-\x7e]+$/.test(value))
    throw new RangeError(`"sans" expected DNS names in ASCII, got ${JSON.stringify(value)}`);
  return encodeDer(implicitTag(2), Buffer.from(value, 'latin1'));
}

function encodeIpAddress({ kind, value }: GeneralName): Uint8Array {
  const bytes = kind === 'ip' ? ipToBytes(value) : undefined;
  if (bytes === undefined)
    throw new RangeError(`"sans" expected DNS names and IP addresses, got ${JSON.stringify(value)}`);
  return encodeDer(implicitTag(7), bytes);
}
