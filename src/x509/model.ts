/** The key usages of RFC 5280 4.2.1.3, in the order of their bits. */
export const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsage = (typeof KEY_USAGES)[number];

/** The extended key usages known by name (RFC 5280 4.2.1.12); any other stands as its dotted OID. */
export const EXT_KEY_USAGE_OIDS = {
  anyExtendedKeyUsage: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
} as const;
export type ExtKeyUsage = keyof typeof EXT_KEY_USAGE_OIDS;

/** A name of the subjectAltName extension. IP addresses are in canonical text (RFC 5952), DNS names as written. */
export interface GeneralName {
  /** `other`: a kind that Kubernetes does not use (URI, mail, …); the value is then for display only. */
  readonly kind: 'dns' | 'ip' | 'other';
  readonly value: string;
}

/** One attribute of a distinguished name. */
export interface NameAttribute {
  readonly oid: string;
  readonly value: string;
}

/** A distinguished name: its exact bytes, which Go compares, and its attributes in order. */
export interface DistinguishedName {
  readonly der: Uint8Array;
  readonly attributes: readonly NameAttribute[];
}

/** An extension as it stands in the certificate; `der` is the contents of its OCTET STRING. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly der: Uint8Array;
}

/** A certificate, read. Plain data: nothing in it points to a library's object. Absent extensions are absent fields. */
export interface Certificate {
  readonly der: Uint8Array;
  /** The signed part, as it stands in `der`. */
  readonly tbsDer: Uint8Array;
  /** 1, 2 or 3. */
  readonly version: number;
  /** Lower-case hex of the INTEGER's contents (two's complement, as encoded), so `00` is zero. */
  readonly serialHex: string;
  readonly signatureAlgorithmOid: string;
  readonly signature: Uint8Array;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly spkiDer: Uint8Array;
  /** In the order in which they stand in the certificate. */
  readonly extensions: readonly Extension[];
  readonly basicConstraints?: { readonly isCa: boolean; readonly pathLength?: number };
  readonly keyUsage?: readonly KeyUsage[];
  /** Names of {@link EXT_KEY_USAGE_OIDS} where known, else dotted OIDs, in the order of the certificate. */
  readonly extKeyUsage?: readonly string[];
  readonly subjectAltName?: readonly GeneralName[];
  /** Lower-case hex. */
  readonly subjectKeyIdentifier?: string;
  /** Lower-case hex of the keyIdentifier field. */
  readonly authorityKeyIdentifier?: string;
}

/** A request for a certificate (PKCS #10), read: what it asks for, in the fields in which a certificate has it. */
export interface CertificateRequest
  extends Pick<
    Certificate,
    | 'der'
    | 'signatureAlgorithmOid'
    | 'signature'
    | 'subject'
    | 'spkiDer'
    | 'extensions'
    | 'basicConstraints'
    | 'keyUsage'
    | 'extKeyUsage'
    | 'subjectAltName'
  > {
  /** The signed part, as it stands in `der`. */
  readonly tbsDer: Uint8Array;
  /** The whole AlgorithmIdentifier of the signature: unlike in a certificate, the signed part does not repeat it. */
  readonly signatureAlgorithmDer: Uint8Array;
}

/** The values of one attribute of a name, in order: `attributeValues(certificate.subject, '2.5.4.3')` for the CN. */
export function attributeValues(name: DistinguishedName, oid: string): readonly string[] {
  return name.attributes.filter((attribute) => attribute.oid === oid).map((attribute) => attribute.value);
}

export const COMMON_NAME_OID = '2.5.4.3';
export const ORGANIZATION_OID = '2.5.4.10';
