import {
  type Certificate,
  COMMON_NAME_OID,
  type DistinguishedName,
  type GeneralName,
  ORGANIZATION_OID,
} from '../x509/model.ts';

/** What people call what a certificate calls by number. */
const OID_NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'commonName',
  '2.5.4.6': 'countryName',
  '2.5.4.7': 'localityName',
  '2.5.4.8': 'stateOrProvinceName',
  '2.5.4.10': 'organizationName',
  '2.5.4.11': 'organizationalUnitName',
  '2.5.29.14': 'subjectKeyIdentifier',
  '2.5.29.15': 'keyUsage',
  '2.5.29.17': 'subjectAltName',
  '2.5.29.19': 'basicConstraints',
  '2.5.29.30': 'nameConstraints',
  '2.5.29.32': 'certificatePolicies',
  '2.5.29.35': 'authorityKeyIdentifier',
  '2.5.29.37': 'extKeyUsage',
  '1.2.840.113549.1.1.2': 'md2WithRSAEncryption',
  '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.2.840.10045.4.1': 'ecdsa-with-SHA1',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  '1.3.101.112': 'Ed25519',
};

/** An OID by its name, if it is one of those that occur. */
export function oidText(oid: string): string {
  return OID_NAMES[oid] ?? oid;
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  [COMMON_NAME_OID]: 'CN',
  [ORGANIZATION_OID]: 'O',
  '2.5.4.11': 'OU',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
};

/** A distinguished name for people: what could be mistaken for structure inside a value is escaped (RFC 4514 2.4). */
export function nameText(name: DistinguishedName): string {
  return name.attributes
    .map(({ oid, value }) => `${SHORT_NAMES[oid] ?? oid}=${value.replaceAll(/[\\,+"<>;=]/g, '\\$&')}`)
    .join(', ');
}

/** A subjectAltName as OpenSSL prints it. */
export function generalNameText({ kind, value }: GeneralName): string {
  return kind === 'other' ? value : `${kind === 'dns' ? 'DNS' : 'IP'}:${value}`;
}

/** Which of several certificates in a file it is: `(certificate 2 of 3, "CN=kubernetes-ca")`. */
export function positionText({ subject }: Certificate, number: number, all: number): string {
  return `(certificate ${number} of ${all}, "${nameText(subject)}")`;
}
