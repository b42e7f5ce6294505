import { deepFreeze } from './freeze.ts';

/** What kind of thing a difference is about. */
export type DifferenceScope =
  | 'certificate'
  | 'ca'
  | 'leaf'
  | 'ecLeaf'
  | 'publicKey'
  | 'kubeconfig'
  | 'request'
  | 'command';

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
  {
    id: 'existing-files',
    scope: 'command',
    field: 'init phase certs, init phase kubeconfig',
    kubeadm:
      'a certificate that is there is kept whatever names, usages or key it has, and half of a pair, too; of a kubeconfig nothing but its CA is looked at',
    here: 'what is asked for is held against the request as by init, and refused with all that is wrong',
    why: 'a script that went on would find out by a server that nobody can connect to',
    citation: 'kubeadm.md 2.3, 3.2',
  },
  {
    id: 'sa-pub',
    scope: 'command',
    field: 'init phase certs sa',
    kubeadm: 'without sa.pub nothing is done, without sa.key both are made anew',
    here: 'sa.pub is made from sa.key; without sa.key refused',
    why: 'it can be derived, and a new key would end every token that the old one signed',
    citation: 'kubeadm.md 3.4',
  },
  {
    id: 'external-ca',
    scope: 'command',
    field: 'init phase certs, init phase kubeconfig',
    kubeadm:
      'without ca.key each of them wants every certificate of that CA, and all kubeconfigs in /etc/kubernetes',
    here: 'each looks at what it makes and at the CA that signs it',
    why: 'what has another CA has nothing to do with this one',
    citation: 'kubeadm.md 3.5',
  },
  {
    id: 'releases',
    scope: 'command',
    field: 'kubernetes-version',
    kubeadm:
      'no release before the one before its own, only with its patch, and later ones as if they were its own',
    here: 'every release from 1.24 on that is known, with or without its patch, and none later',
    why: 'one program serves clusters of all of them; what a later one makes nobody knows',
    citation: 'kubeadm.md 7.3',
  },
  {
    id: 'release-labels',
    scope: 'command',
    field: 'kubernetes-version',
    kubeadm:
      'stable-1, latest and the like are looked up on the network, also where nothing is said; without a network its own release is taken',
    here: 'refused; where nothing is said the newest that is known is taken, and that is said',
    why: 'the same words make the same PKI tomorrow, and nothing is asked of a network',
    citation: 'kubeadm.md 3.6',
  },
  {
    id: 'relative-directories',
    scope: 'command',
    field: 'cert-dir, kubeconfig-dir',
    kubeadm: 'a relative --cert-dir is refused',
    here: 'relative to the working directory',
    why: 'as everywhere on a command line',
    citation: 'kubeadm.md 7.3',
  },
  {
    id: 'flags-beside-a-file',
    scope: 'command',
    field: 'config',
    kubeadm:
      'with --config, --node-name and, of certs, --cert-dir take the place of what the file says, and other flags that shape the PKI are refused',
    here: 'a flag that says the same as the file is taken, one that contradicts it refused, both named',
    why: 'which of two holds nobody should have to know',
    citation: 'kubeadm.md 7.3',
  },
  {
    id: 'unknown-fields',
    scope: 'command',
    field: 'config',
    kubeadm: 'fields that are unknown or stand twice are warned of and passed over',
    here: 'refused, with line and column',
    why: 'a mistyped field would leave out what it was to say',
    citation: 'kubeadm.md 7.3',
  },
  {
    id: 'dry-run',
    scope: 'command',
    field: 'dry-run',
    kubeadm:
      'keys and certificates are made and left in /etc/kubernetes/tmp; init phase kubeconfig fails, since no CA is there',
    here: 'the plan is printed, and nothing is written',
    why: 'no key should lie about that nobody asked for',
    citation: 'kubeadm.md 3.6',
  },
  {
    id: 'default-route',
    scope: 'command',
    field: 'apiserver-advertise-address',
    kubeadm: 'without a default route every phase fails',
    here: 'only what has the address in it is refused; and which address was taken is said',
    why: 'a CA is the same on any host',
    citation: 'kubeadm.md 7.2',
  },
  {
    id: 'cluster',
    scope: 'command',
    field: 'kubeconfig',
    kubeadm: 'certs asks the cluster for its configuration, and takes the defaults where it does not answer',
    here: 'refused: the configuration is given by --config, or told from the files',
    why: 'what was renewed should not depend on whether somebody answered',
    citation: 'kubeadm.md 4.1',
  },
  {
    id: 'renewed-keys',
    scope: 'command',
    field: 'certs renew',
    kubeadm: 'new keys are of the algorithm of the configuration: RSA-2048 where none was found',
    here: 'of the algorithm of the certificate, where nothing else is asked for',
    why: 'a renewal should not make anything else of a PKI',
    citation: 'kubeadm.md 4.2',
  },
  {
    id: 'renewed-names',
    scope: 'command',
    field: 'certs renew --config',
    kubeadm: 'the certificates keep their names, whatever the configuration says',
    here: 'where they differ from the configuration, --from spec or --from certificate says which is meant; without it nothing is changed',
    why: 'neither is to be dropped unseen',
    citation: 'kubeadm.md 4.2',
  },
  {
    id: 'renewal-outcome',
    scope: 'command',
    field: 'certs renew',
    kubeadm: 'what is not there, or has an external CA, is mentioned, and the end is well',
    here: 'it is named, the rest is done, and the exit code is 1; super-admin.conf, which kubeadm join does not make, is missed only where it is named',
    why: 'a timer has to notice',
    citation: 'kubeadm.md 4.2',
  },
  {
    id: 'renewed-modes',
    scope: 'command',
    field: 'certs renew',
    kubeadm: 'a file keeps its mode and its access list',
    here: 'owner and group stay, and the reading of a key or kubeconfig by a group other than that of root; nothing else does, nor an access list, to be set again by --hook',
    why: 'a file is replaced whole, and what lets others read a private key should not be inherited',
    citation: 'kubeadm.md 1.6, acl(5)',
  },
  {
    id: 'linked-files',
    scope: 'command',
    field: 'certs renew',
    kubeadm: 'writes through a symbolic link in the place of a file or of etcd/',
    here: 'leaves out what lies there or behind it, with exit code 1, and renews the rest',
    why: 'what a link leads to is not of these directories: nothing there is locked or brought back',
    citation: 'Go os.WriteFile',
  },
  {
    id: 'several-names',
    scope: 'command',
    field: 'certs renew',
    kubeadm: 'one name',
    here: 'as many as are given, in one transaction',
    why: 'either all is renewed or nothing',
    citation: 'kubeadm.md 4.2',
  },
]);
