import { EXTENSION_OIDS } from '../x509/extensions.ts';
import { ipToBytes } from '../x509/ip.ts';
import { attributeValues, type Certificate, COMMON_NAME_OID } from '../x509/model.ts';
import type { CertificateRule } from './hygiene-rule.ts';
import {
  certificateRule,
  criticalityOf,
  faultIn,
  isCa,
  ISSUE_ANEW,
  ISSUE_LEAF_ANEW,
} from './hygiene-rule.ts';
import { nameText } from './text.ts';

function dnsNames({ subjectAltName = [] }: Certificate): readonly string[] {
  return subjectAltName.filter(({ kind }) => kind === 'dns').map(({ value }) => value);
}

/** Whether Go matches a host against the name (`validHostname` of crypto/x509), and DNS could know it (RFC 1035 2.3.4). */
function isMatched(name: string): boolean {
  const [first = '', ...rest] = name.split('.');
  const labels = first === '*' && rest.length > 0 ? rest : [first, ...rest];
  return name.length <= 253 && labels.every((label) => /^[A-Za-z0-9_][A-Za-z0-9_-]{0,62}$/.test(label));
}

/** Whether a common name was meant as that of a host: an address, or a name with a domain. */
function isHost(commonName: string): boolean {
  return ipToBytes(commonName) !== undefined || (commonName.includes('.') && isMatched(commonName));
}

/** Whether a server is found under the names that it has. */
export const ALTERNATIVE_NAME_RULES: readonly CertificateRule[] = [
  certificateRule(
    {
      code: 'subject-alternative-name-critical',
      severity: 'warning',
      zlint: ['w_ext_san_critical_with_subject_dn'],
      says: 'subjectAltName is not critical beside a subject',
      citation: 'RFC 5280 4.2.1.6',
      remedy: ISSUE_ANEW,
    },
    ({ subject }, parts) =>
      subject.attributes.length > 0 && criticalityOf(parts, EXTENSION_OIDS.subjectAltName) === true
        ? { field: 'subjectAltName', message: 'has a critical subjectAltName' }
        : undefined,
  ),
  certificateRule(
    {
      code: 'subject-alternative-name-not-critical',
      severity: 'warning',
      zlint: ['e_ext_san_not_critical_without_subject'],
      says: 'subjectAltName is critical where there is no subject',
      citation: 'RFC 5280 4.2.1.6',
      remedy: ISSUE_ANEW,
    },
    ({ subject }, parts) =>
      subject.attributes.length === 0 && criticalityOf(parts, EXTENSION_OIDS.subjectAltName) === false
        ? { field: 'subjectAltName', message: 'has an empty subject and no critical subjectAltName' }
        : undefined,
  ),
  certificateRule(
    {
      code: 'subject-alternative-name-absent',
      severity: 'error',
      zlint: ['e_ext_san_missing'],
      says: 'A server has a subjectAltName: Go finds no name in the subject',
      citation: 'RFC 6125 6.4.4, go.dev/doc/go1.15#commonname',
      remedy: `${ISSUE_LEAF_ANEW}, with the names and addresses under which the server is reached`,
    },
    (certificate) =>
      !isCa(certificate) &&
      certificate.extKeyUsage?.includes('serverAuth') === true &&
      certificate.subjectAltName === undefined
        ? {
            field: 'subjectAltName',
            message: 'is a server without a subjectAltName',
            found: nameText(certificate.subject),
          }
        : undefined,
  ),
  certificateRule(
    {
      code: 'host-in-common-name',
      severity: 'warning',
      zlint: ['e_subject_common_name_not_from_san', 'e_subject_common_name_not_exactly_from_san'],
      says: 'A host that is the common name of a server is in subjectAltName, too: Go looks nowhere else',
      citation: 'RFC 6125 6.4.4, go.dev/doc/go1.15#commonname',
      remedy: `${ISSUE_LEAF_ANEW}, with the host in subjectAltName`,
    },
    (certificate) => {
      const usages = certificate.extKeyUsage ?? ['anyExtendedKeyUsage'];
      const isServer = usages.some((usage) => usage === 'serverAuth' || usage === 'anyExtendedKeyUsage');
      if (isCa(certificate) || !isServer) return undefined;
      const names = (certificate.subjectAltName ?? []).map(({ value }) => value.toLowerCase());
      return faultIn(
        attributeValues(certificate.subject, COMMON_NAME_OID).filter(
          (commonName) => isHost(commonName) && !names.includes(commonName.toLowerCase()),
        ),
        { field: 'subjectAltName', message: 'lacks the host that is the common name' },
      );
    },
  ),
  certificateRule(
    {
      code: 'address-as-dns-name',
      severity: 'warning',
      says: 'An IP address is an iPAddress and no dNSName: Go finds it there alone',
      citation: 'RFC 5280 4.2.1.6',
      remedy: `${ISSUE_LEAF_ANEW}; with openssl: IP:192.0.2.1`,
    },
    (certificate) =>
      faultIn(
        dnsNames(certificate).filter((name) => ipToBytes(name) !== undefined),
        { field: 'subjectAltName', message: 'has IP addresses as DNS names' },
      ),
  ),
  certificateRule(
    {
      code: 'dns-name-unmatched',
      severity: 'warning',
      zlint: [
        'e_dnsname_bad_character_in_label',
        'e_dnsname_empty_label',
        'e_dnsname_label_too_long',
        'e_dnsname_left_label_wildcard_correct',
        'e_dnsname_wildcard_only_in_left_label',
        'e_ext_san_dns_name_too_long',
        'e_ext_san_empty_name',
        'e_ext_san_space_dns_name',
        'e_san_bare_wildcard',
        'e_san_dns_name_includes_null_char',
        'e_san_dns_name_starts_with_period',
        'e_san_wildcard_not_first',
      ],
      says: 'A dNSName is a host name, with * at most for its whole first label: Go matches no other',
      citation: 'RFC 5280 4.2.1.6, RFC 6125 6.4.3',
      remedy: ISSUE_ANEW,
    },
    (certificate) =>
      faultIn(
        dnsNames(certificate)
          .filter((name) => ipToBytes(name) === undefined && !isMatched(name))
          .map((name) => JSON.stringify(name)),
        { field: 'subjectAltName', message: 'has DNS names that match nothing' },
      ),
  ),
];
