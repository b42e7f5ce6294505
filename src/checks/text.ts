import {
  COMMON_NAME_OID,
  type DistinguishedName,
  type GeneralName,
  ORGANIZATION_OID,
} from '../x509/model.ts';

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
