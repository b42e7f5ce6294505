import { deepFreeze } from './freeze.ts';

/** What kind of thing a difference is about. */
export type DifferenceScope =
  | 'certificate'
  | 'ca'
  | 'leaf'
  | 'ecLeaf'
  | 'publicKey'
  | 'kubeconfig'
  | 'request';

/** One way in which the `kubeadm` profile does not do what kubeadm does, and why. */
export interface Difference {
  readonly id: string;
  readonly scope: DifferenceScope;
  /** The part that differs, as the comparison with kubeadm's own output names it. */
  readonly field: string;
  /** What kubeadm writes, and in which releases where not in all. */
  readonly kubeadm: string;
  readonly here: string;
  readonly why: string;
  readonly citation: string;
}

/**
 * Every difference between what kubeadm writes and what the `kubeadm` profile writes. `docs/differences.md` is made from
 * it; the comparison with kubeadm's own output accepts these and nothing else.
 */
export const DIFFERENCES: readonly Difference[] = deepFreeze<readonly Difference[]>([
  {
    id: 'ca-key-usage',
    scope: 'ca',
    field: 'keyUsage',
    kubeadm: 'digitalSignature, keyEncipherment, keyCertSign',
    here: 'digitalSignature, keyCertSign, cRLSign',
    why: 'a CA key encrypts nothing, and without cRLSign it could never issue the revocation list that it is the only one to issue',
    citation: 'RFC 5280 4.2.1.3; RFC 8813 3 for EC keys',
  },
  {
    id: 'ca-subject-alternative-name',
    scope: 'ca',
    field: 'subjectAltName',
    kubeadm: 'DNS: its own common name',
    here: 'none',
    why: 'the name of a CA is no host, and linters take it for a mistake',
    citation: 'kubeadm.md 1.2 and 11 (4)',
  },
  {
    id: 'ca-serial-number',
    scope: 'ca',
    field: 'serialNumber',
    kubeadm: '0 up to 1.25 and in the first patch releases of 1.26 and 1.27',
    here: '126 random bits, never 0',
    why: 'a serial number is positive, and two CAs of one name must differ in it',
    citation: 'RFC 5280 4.1.2.2',
  },
  {
    id: 'leaf-subject-key-identifier',
    scope: 'leaf',
    field: 'subjectKeyIdentifier',
    kubeadm: 'absent',
    here: 'present',
    why: 'it should be there, and strict readers (Python 3.13 and later) want it',
    citation: 'RFC 5280 4.2.1.2',
  },
  {
    id: 'ec-leaf-key-usage',
    scope: 'ecLeaf',
    field: 'keyUsage',
    kubeadm: 'digitalSignature, keyEncipherment',
    here: 'digitalSignature',
    why: 'an EC key cannot encipher keys',
    citation: 'RFC 8813 3',
  },
  {
    id: 'backdating',
    scope: 'certificate',
    field: 'notBefore',
    kubeadm:
      'CAs: now up to 1.27, then 5 minutes ago; leaves: the CA’s own up to 1.30 and in kubeconfigs always, else 5 minutes ago',
    here: '--not-before-skew ago (5 minutes), never before the signer begins',
    why: 'hosts whose clock lags must take every certificate, and a certificate must not claim to be older than it is',
    citation: 'kubernetes/kubernetes#118922; kubeadm.md 1.3',
  },
  {
    id: 'capping',
    scope: 'leaf',
    field: 'notAfter',
    kubeadm: 'as asked for, also after the CA has ended',
    here: 'never after the signer ends, with a notice',
    why: 'a certificate is worth nothing without its CA, and its own end should say so',
    citation: 'kubeadm.md 1.3',
  },
  {
    id: 'sa-pub-mode',
    scope: 'publicKey',
    field: 'mode',
    kubeadm: '0600 from init, 0644 from the Secret',
    here: '0644',
    why: 'it is public, and those who verify tokens do not run as root',
    citation: 'kubeadm.md 1.6 and 11 (6)',
  },
  {
    id: 'trust-bundle',
    scope: 'kubeconfig',
    field: 'certificate-authority-data',
    kubeadm: 'the first certificate of ca.crt',
    here: 'every certificate of ca.crt',
    why: 'with the first alone, the overlap of a CA rotation is lost',
    citation: 'kubeadm.md 2.1',
  },
  {
    id: 'etcd-san-case',
    scope: 'request',
    field:
      'etcd-server-cert-extra-sans, etcd-peer-cert-extra-sans, service-dns-domain, control-plane-endpoint',
    kubeadm:
      'names in upper case are refused for etcd, and as service-dns-domain and control-plane-endpoint; lower-cased for the API server',
    here: 'lower-cased everywhere',
    why: 'DNS names are compared without case',
    citation: 'RFC 4343; kubeadm.md 1.4',
  },
  {
    id: 'number-like-names',
    scope: 'request',
    field: 'cluster-name',
    kubeadm:
      '1e400 and 2026-13-45, which Go cannot hold as number and date, stand without quotes in kubeconfigs',
    here: 'in quotes',
    why: 'other readers take them for a number and a date, by their shape',
    citation: 'YAML 1.2 10.3.2; https://yaml.org/type/timestamp.html',
  },
  {
    id: 'numeric-names',
    scope: 'request',
    field:
      'hostname, service-dns-domain, control-plane-endpoint, apiserver-cert-extra-sans, etcd-server-cert-extra-sans, etcd-peer-cert-extra-sans',
    kubeadm: '259.2.3.4, 1.2.34 and *.0.2.7 are taken as DNS names, 1 and 192.0.2.10 as names of a host',
    here: 'refused: a name does not end in a number',
    why: 'it can only be a mistyped address, and browsers and Go disagree about what it is',
    citation: 'RFC 1123 2.1; RFC 3696 2',
  },
  {
    id: 'leading-zeros',
    scope: 'request',
    field:
      'apiserver-advertise-address, service-cidr, control-plane-endpoint, apiserver-cert-extra-sans, etcd-server-cert-extra-sans, etcd-peer-cert-extra-sans',
    kubeadm: '192.0.2.010, 10.96.0.0/012 and lb:06443 are taken, as decimal',
    here: 'refused',
    why: 'a leading zero means octal to some readers and nothing to others',
    citation: 'RFC 6943 3.1.1; CVE-2021-29923',
  },
  {
    id: 'long-names',
    scope: 'request',
    field:
      'hostname, service-dns-domain, control-plane-endpoint, apiserver-cert-extra-sans, etcd-server-cert-extra-sans, etcd-peer-cert-extra-sans',
    kubeadm:
      'labels of any length are taken, and a service domain whose services have names of more than 253 characters',
    here: 'refused',
    why: 'no resolver asks for such a name, and no certificate with one is read by all',
    citation: 'RFC 1035 2.3.4; RFC 5280 4.2.1.6',
  },
  {
    id: 'mapped-networks',
    scope: 'request',
    field: 'service-cidr',
    kubeadm: '::ffff:10.96.0.0/112 is taken',
    here: 'refused',
    why: 'IPv4-mapped addresses stand for single IPv4 nodes, they are no network',
    citation: 'RFC 4291 2.5.5.2',
  },
  {
    id: 'endpoint-forms',
    scope: 'request',
    field: 'control-plane-endpoint',
    kubeadm: 'lb: is taken without a port, [lb]:6443 as a name',
    here: 'refused',
    why: 'after a colon stands a port, and brackets hold an IPv6 address',
    citation: 'RFC 3986 3.2.2',
  },
  {
    id: 'short-periods',
    scope: 'request',
    field: 'cert-validity, ca-validity',
    kubeadm: '0s, -1h, 30s and .5h are taken',
    here: 'refused: a period is a minute at least, and whole seconds with their digits before the point',
    why: 'what has ended when it is issued, or soon after, is no use to anybody',
    citation: 'RFC 5280 4.1.2.5; kubeadm.md 7.2',
  },
  {
    id: 'cluster-names',
    scope: 'request',
    field: 'cluster-name',
    kubeadm: 'any text is taken',
    here: 'one line of what can be seen, 253 characters at most, without space around it',
    why: 'it names contexts and users that people have to type',
    citation: 'kubeadm.md 2.1',
  },
  {
    id: 'white-space',
    scope: 'request',
    field: 'hostname',
    kubeadm: 'white space around the name of the node is cut off',
    here: 'refused',
    why: 'it was meant for something else, or comes of a broken script',
    citation: 'kubeadm.md 7.2',
  },
  {
    id: 'days-and-years',
    scope: 'request',
    field: 'cert-validity, ca-validity',
    kubeadm: '1d and 10y are refused',
    here: 'days, and years of 365 days, are units too',
    why: 'certificates are spoken of in days and years',
    citation: 'kubeadm.md 7.2',
  },
  {
    id: 'host-addresses',
    scope: 'request',
    field: 'host-ip',
    kubeadm: 'one advertise address; more of a host’s addresses only as extra SANs',
    here: 'every --host-ip is a SAN of the API server and of etcd, behind the advertise address',
    why: 'a host with two addresses is reached under both',
    citation: 'R3.1, R3.2, R3.5',
  },
  {
    id: 'endpoint-spelling',
    scope: 'kubeconfig',
    field: 'server',
    kubeadm: 'an IPv6 control-plane endpoint as it was typed',
    here: 'its canonical text',
    why: 'one address has one spelling, so that a request that says the same finds the same',
    citation: 'RFC 5952 4',
  },
]);
