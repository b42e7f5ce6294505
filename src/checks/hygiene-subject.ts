import { TAG } from '../x509/der.ts';
import { attributeValues, COMMON_NAME_OID, ORGANIZATION_OID } from '../x509/model.ts';
import { isPrintableString } from '../x509/name-strings.ts';
import { type CertificateRule, certificateRule, faultIn, isCa, ISSUE_ANEW, textOf } from './hygiene-rule.ts';
import { nameText, oidText } from './text.ts';

const DIRECTORY_STRING = ['PrintableString', 'UTF8String'];

/** The string types of the attributes whose type is fixed (RFC 5280 appendix A.1). */
const STRING_TYPES: Readonly<Record<string, readonly string[]>> = {
  '2.5.4.3': DIRECTORY_STRING, // commonName
  '2.5.4.4': DIRECTORY_STRING, // surname
  '2.5.4.5': ['PrintableString'], // serialNumber
  '2.5.4.6': ['PrintableString'], // countryName
  '2.5.4.7': DIRECTORY_STRING, // localityName
  '2.5.4.8': DIRECTORY_STRING, // stateOrProvinceName
  '2.5.4.10': DIRECTORY_STRING, // organizationName
  '2.5.4.11': DIRECTORY_STRING, // organizationalUnitName
  '2.5.4.42': DIRECTORY_STRING, // givenName
  '0.9.2342.19200300.100.1.25': ['IA5String'], // domainComponent
};

const TAG_NAMES: ReadonlyMap<number, string> = new Map([
  [TAG.utf8String, 'UTF8String'],
  [TAG.printableString, 'PrintableString'],
  [0x14, 'TeletexString'],
  [TAG.ia5String, 'IA5String'],
  [0x1c, 'UniversalString'],
  [0x1e, 'BMPString'],
]);

/** Whether issuer and subject name somebody, in strings that everybody reads alike. */
export const SUBJECT_RULES: readonly CertificateRule[] = [
  certificateRule(
    {
      code: 'issuer-empty',
      severity: 'warning',
      zlint: ['e_issuer_field_empty'],
      says: 'A certificate names its issuer',
      citation: 'RFC 5280 4.1.2.4',
      remedy: ISSUE_ANEW,
    },
    ({ issuer }) =>
      issuer.attributes.length === 0 ? { field: 'issuer', message: 'has an empty issuer' } : undefined,
  ),
  certificateRule(
    {
      code: 'subject-empty',
      severity: 'error',
      zlint: ['e_ca_subject_field_empty', 'e_subject_empty_without_san'],
      says: 'A CA has a subject, and a leaf a subject or a subjectAltName: else it names nobody',
      citation: 'RFC 5280 4.1.2.6',
      remedy: ISSUE_ANEW,
    },
    (certificate) =>
      certificate.subject.attributes.length === 0 &&
      (isCa(certificate) || certificate.subjectAltName === undefined)
        ? { field: 'subject', message: 'names nobody' }
        : undefined,
  ),
  certificateRule(
    {
      code: 'several-common-names',
      severity: 'warning',
      zlint: ['w_extra_subject_common_names'],
      says: 'A subject has one common name: Kubernetes takes the last one for the user',
      citation: 'CA/B Baseline Requirements 7.1.4',
      remedy: `find out who made it, and ${ISSUE_ANEW}`,
    },
    ({ subject }) => {
      const commonNames = attributeValues(subject, COMMON_NAME_OID);
      return commonNames.length < 2
        ? undefined
        : { field: 'subject', message: 'has several common names', found: nameText(subject) };
    },
  ),
  certificateRule(
    {
      code: 'name-too-long',
      severity: 'notice',
      zlint: ['e_subject_common_name_max_length', 'e_subject_organization_name_max_length'],
      says: 'Common name and organizations have at most 64 characters',
      citation: 'RFC 5280 appendix A.1',
      remedy: 'nothing to do: kubeadm issues names of any length, and Go reads them',
    },
    ({ subject }) =>
      faultIn(
        [COMMON_NAME_OID, ORGANIZATION_OID]
          .flatMap((oid) => attributeValues(subject, oid))
          .filter((value) => Array.from(value).length > 64),
        { field: 'subject', message: 'has a name of more than 64 characters' },
      ),
  ),
  {
    code: 'name-string-type',
    severity: 'warning',
    zlint: [
      'e_subject_rdns_correct_encoding',
      'e_subject_dn_country_not_printable_string',
      'e_subject_dn_serial_number_not_printable_string',
    ],
    says: 'Names are PrintableString or UTF8String: others are read in different ways, and Go compares bytes',
    citation: 'RFC 5280 4.1.2.4, 4.1.2.6',
    remedy: ISSUE_ANEW,
    find: ({ subject }) => {
      const [wrong] = subject.filter(
        ({ oid, value }) => STRING_TYPES[oid]?.includes(TAG_NAMES.get(value.tag) ?? '') === false,
      );
      return wrong === undefined
        ? undefined
        : {
            field: 'subject',
            message: `has ${oidText(wrong.oid)} in another string type`,
            expected: STRING_TYPES[wrong.oid]?.join(' or ') ?? '',
            found: TAG_NAMES.get(wrong.value.tag) ?? `tag ${wrong.value.tag}`,
          };
    },
  },
  {
    code: 'printable-string-alphabet',
    severity: 'error',
    zlint: ['e_subject_printable_string_badalpha'],
    says: 'A PrintableString holds the characters of its alphabet alone: Go refuses the certificate',
    citation: 'RFC 5280 appendix B, crypto/x509 (isPrintable)',
    remedy: ISSUE_ANEW,
    find: ({ subject }) =>
      faultIn(
        subject.flatMap(({ value }) =>
          value.tag === TAG.printableString && !isPrintableString(value.content)
            ? [JSON.stringify(textOf(value))]
            : [],
        ),
        { field: 'subject', message: 'has a PrintableString with other characters' },
      ),
  },
  {
    code: 'subject-control-character',
    severity: 'warning',
    zlint: ['e_subject_dn_not_printable_characters'],
    says: 'A name has no control characters: it would not be the name that logs and terminals show',
    citation: 'RFC 5280 appendix A',
    remedy: ISSUE_ANEW,
    find: ({ subject }) =>
      subject.some(({ value }) => /\p{Cc}/u.test(textOf(value)))
        ? { field: 'subject', message: 'has a control character' }
        : undefined,
  },
];
