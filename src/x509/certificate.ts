import {
  assertTag,
  type DerElement,
  DerError,
  DerFields,
  decodeAscii,
  decodeBoolean,
  decodeCount,
  decodeOid,
  parseDer,
  parseDerElements,
  TAG,
} from './der.ts';
import { EXTENSION_FIELDS, EXTENSION_OIDS, type ExtensionField } from './extensions.ts';
import { ipToText } from './ip.ts';
import {
  type Certificate,
  type DistinguishedName,
  EXT_KEY_USAGE_OIDS,
  type Extension,
  type GeneralName,
  type NameAttribute,
} from './model.ts';
import { atField, parseOutline } from './outline.ts';

/** How a reader decodes the values inside names and extensions. What these throw becomes an `ERR_CERTIFICATE`. */
export interface ValueDecoders {
  /** The text of an attribute's value, of whatever string type. */
  readonly attributeText: (value: DerElement) => string;
  /** The field of the certificate that an extension's value makes, or none. */
  readonly extensions: {
    readonly [Field in ExtensionField]: (value: DerElement) => Pick<Certificate, Field>;
  };
}

/**
 * Parses a certificate: its structure strictly and byte for byte, because Go compares bytes; the values by `decoders`.
 *
 * @throws {PkiError} `ERR_CERTIFICATE` with the field that cannot be read.
 */
export function parseCertificate(der: Uint8Array, decoders: ValueDecoders): Certificate {
  const outline = parseOutline(der);
  return {
    ...outline,
    issuer: atField('issuer', () => parseName(outline.issuer, decoders)),
    subject: atField('subject', () => parseName(outline.subject, decoders)),
    ...decodeExtensionFields(outline.extensions, decoders),
  };
}

/** The fields that the extensions make whose meaning is known here. */
export function decodeExtensionFields(
  extensions: readonly Extension[],
  decoders: ValueDecoders,
): Pick<Certificate, ExtensionField> {
  return extensions.reduce<Pick<Certificate, ExtensionField>>((fields, extension) => {
    const field = EXTENSION_FIELDS.find((name) => EXTENSION_OIDS[name] === extension.oid);
    if (field === undefined) return fields;
    return { ...fields, ...atField(field, () => decoders.extensions[field](parseDer(extension.der))) };
  }, {});
}

export function parseName(name: DerElement, { attributeText }: ValueDecoders): DistinguishedName {
  const attributes = parseDerElements(name, TAG.sequence)
    .flatMap((rdn) => parseDerElements(rdn, TAG.set))
    .map((attribute): NameAttribute => {
      const fields = new DerFields(attribute);
      const oid = decodeOid(fields.required(TAG.oid));
      const value = attributeText(fields.required());
      fields.end();
      return { oid, value };
    });
  return { der: name.der, attributes };
}

const EXT_KEY_USAGE_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(EXT_KEY_USAGE_OIDS).map(([name, oid]) => [oid, name]),
);

/** Both readers use this: the library takes members of any type for OIDs. */
export function decodeExtKeyUsage(usages: DerElement): Pick<Certificate, 'extKeyUsage'> {
  const oids = parseDerElements(usages, TAG.sequence).map((usage) => {
    assertTag(usage, TAG.oid);
    return decodeOid(usage);
  });
  return { extKeyUsage: oids.map((oid) => EXT_KEY_USAGE_NAMES.get(oid) ?? oid) };
}

/** Both readers use this: the library takes a BOOLEAN and an INTEGER in any encoding, and gives a long INTEGER as text. */
export function decodeBasicConstraints(constraints: DerElement): Pick<Certificate, 'basicConstraints'> {
  const fields = new DerFields(constraints);
  const ca = fields.optional(TAG.boolean);
  const pathLength = fields.optional(TAG.integer);
  fields.end();
  return {
    basicConstraints: {
      isCa: ca !== undefined && decodeBoolean(ca),
      ...(pathLength === undefined ? {} : { pathLength: decodeCount(pathLength) }),
    },
  };
}

/** The kinds of name that Kubernetes does not use (RFC 5280 4.2.1.6), by tag, as OpenSSL calls them. */
const OTHER_NAMES: ReadonlyMap<number, string> = new Map([
  [0xa0, 'othername'],
  [0x81, 'email'],
  [0xa3, 'X400Name'],
  [0xa4, 'DirName'],
  [0xa5, 'EdiPartyName'],
  [0x86, 'URI'],
  [0x88, 'Registered ID'],
]);

/**
 * Both readers use this: the library drops kinds of name that it does not know, and takes any byte for a character where Go
 * refuses what is not ASCII.
 */
export function decodeSubjectAltName(names: DerElement): Pick<Certificate, 'subjectAltName'> {
  return { subjectAltName: parseDerElements(names, TAG.sequence).map(decodeGeneralName) };
}

function decodeGeneralName(name: DerElement): GeneralName {
  if (name.tag === 0x82) return { kind: 'dns', value: decodeAscii(name) };
  if (name.tag === 0x87) return { kind: 'ip', value: ipToText(name.content) };
  const kind = OTHER_NAMES.get(name.tag);
  if (kind === undefined) throw new DerError('there is no such kind of name');
  const isText = name.tag === 0x81 || name.tag === 0x86;
  return {
    kind: 'other',
    value: `${kind}:${isText ? decodeAscii(name) : `#${Buffer.from(name.der).toString('hex')}`}`,
  };
}
