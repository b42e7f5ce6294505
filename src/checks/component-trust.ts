import { isLoopback, parseServiceCidr, serviceAddress } from '../cluster/address.ts';
import { fileThatHolds } from '../resolve/desired.ts';
import type { Component } from '../table/row.ts';
import { isGoodForHost } from '../x509/host-name.ts';
import { attributeValues, type Certificate, COMMON_NAME_OID } from '../x509/model.ts';
import { listText } from './check.ts';
import {
  argumentName,
  type ComponentCheck,
  type ComponentHit,
  type ComponentUnderCheck,
  givenTo,
  ofComponent,
  placesOf,
  rowBehind,
} from './component.ts';
import type { Place } from './component-files.ts';
import { isSameDer } from './evidence.ts';

type Argument = readonly [component: Component, flag: string];

/** The certificates in a file that an argument names, as far as it was audited. */
function certificatesIn(place: Place, { audit }: ComponentUnderCheck): readonly Certificate[] {
  const row = rowBehind(place, audit);
  const isThere = row?.desired.files.some(
    ({ path, holds }) => path === place.logical && ['certificate', 'copy', 'bundle'].includes(holds),
  );
  return isThere === true ? (row?.certificates ?? []) : [];
}

const certificatesOf = (subject: ComponentUnderCheck, flag: string): readonly Certificate[] =>
  placesOf(subject, flag).flatMap((place) => certificatesIn(place, subject));

/** The public keys of whatever a file holds: public keys, a private one, a certificate. */
function publicKeysIn(place: Place, subject: ComponentUnderCheck): readonly Uint8Array[] {
  const row = rowBehind(place, subject.audit);
  if (row === undefined) return [];
  if (place.logical === fileThatHolds(row.desired, 'publicKey')?.path) return row.publicKeys;
  if (place.logical === fileThatHolds(row.desired, 'key')?.path) return row.key ? [row.key.spkiDer] : [];
  return certificatesIn(place, subject)
    .slice(0, 1)
    .map(({ spkiDer }) => spkiDer);
}

/** Whether two arguments name the same file, or files with a certificate of the same key. */
function isSameAuthority(
  [one, flag]: readonly [ComponentUnderCheck, string],
  [other, otherFlag]: readonly [ComponentUnderCheck, string],
): boolean {
  const places = placesOf(one, flag).flatMap(({ onHost }) => onHost ?? []);
  const isSameFile = placesOf(other, otherFlag).some(
    ({ onHost }) => onHost !== undefined && places.includes(onHost),
  );
  const keys = certificatesOf(other, otherFlag).map(({ spkiDer }) => spkiDer);
  return (
    isSameFile || certificatesOf(one, flag).some(({ spkiDer }) => keys.some((key) => isSameDer(key, spkiDer)))
  );
}

/** Pairs of arguments that decide about different peers, and what comes of it where they name one CA. */
const APART: readonly { readonly one: Argument; readonly other: Argument; readonly says: string }[] = [
  {
    one: ['kube-apiserver', '--client-ca-file'],
    other: ['kube-apiserver', '--requestheader-client-ca-file'],
    says: 'who has a client certificate of the cluster and an allowed name may act as any user',
  },
  {
    one: ['kube-apiserver', '--client-ca-file'],
    other: ['kube-apiserver', '--etcd-cafile'],
    says: 'who has a client certificate for etcd is let in by the API server as a user',
  },
  {
    one: ['kube-apiserver', '--client-ca-file'],
    other: ['etcd', '--trusted-ca-file'],
    says: 'who has a client certificate of the cluster, as every kubelet has, reads and writes all of etcd',
  },
  {
    one: ['kube-apiserver', '--client-ca-file'],
    other: ['etcd', '--peer-trusted-ca-file'],
    says: 'who has a certificate of the cluster, as every kubelet has, may join etcd',
  },
  {
    one: ['kube-apiserver', '--requestheader-client-ca-file'],
    other: ['etcd', '--trusted-ca-file'],
    says: 'who has a certificate of a front proxy reads and writes all of etcd',
  },
];

/** Certificates that a component shows, and the arguments by which it tells others where it is. */
const ADDRESSES: readonly {
  readonly argument: Argument;
  readonly shows: Argument;
  readonly hostsOf: (value: string) => readonly string[];
}[] = [
  {
    argument: ['kube-apiserver', '--advertise-address'],
    shows: ['kube-apiserver', '--tls-cert-file'],
    hostsOf: (value) => [value],
  },
  {
    argument: ['kube-apiserver', '--service-cluster-ip-range'],
    shows: ['kube-apiserver', '--tls-cert-file'],
    hostsOf: firstServiceAddress,
  },
  { argument: ['etcd', '--advertise-client-urls'], shows: ['etcd', '--cert-file'], hostsOf: tlsHosts },
  {
    argument: ['etcd', '--initial-advertise-peer-urls'],
    shows: ['etcd', '--peer-cert-file'],
    hostsOf: tlsHosts,
  },
  {
    argument: ['kube-apiserver', '--etcd-servers'],
    shows: ['etcd', '--cert-file'],
    // The others may be other members.
    hostsOf: (value) => tlsHosts(value).filter(isLocal),
  },
];

const UNSPECIFIED = ['0.0.0.0', '::'];
const URL_HOST = /^(https?):\/\/(?:[^/?#]*@)?(?:\[([^\]]+)\]|([^/:]+))/i;

interface Address {
  readonly isTls: boolean;
  readonly host: string;
  readonly url: string;
}

function addressesIn(value: string): readonly Address[] {
  return value.split(',').flatMap((text) => {
    const url = text.trim();
    const [, scheme = '', ipv6, name] = URL_HOST.exec(url) ?? [];
    const host = ipv6 ?? name;
    return host === undefined ? [] : [{ isTls: scheme.toLowerCase() === 'https', host, url }];
  });
}

function tlsHosts(value: string): readonly string[] {
  return addressesIn(value)
    .filter(({ isTls }) => isTls)
    .map(({ host }) => host);
}

function isLocal(host: string): boolean {
  return host === 'localhost' || isLoopback(host);
}

function firstServiceAddress(value: string): readonly string[] {
  const [first = ''] = value.split(',');
  const cidr = parseServiceCidr(first.trim());
  return 'value' in cidr ? [serviceAddress(cidr.value)] : [];
}

/** Where etcd listens, and what of it lets others in without a handshake. */
const LISTENING = ['--listen-client-urls', '--listen-client-http-urls', '--listen-peer-urls'];

const AUTOMATIC = [
  ['--auto-tls', '--cert-file'],
  ['--peer-auto-tls', '--peer-cert-file'],
] as const;

function isOf({ command }: ComponentUnderCheck, component: Component): boolean {
  return command.component === component;
}

function hitOf(
  subject: ComponentUnderCheck,
  flag: string,
  says: string,
  values: Pick<ComponentHit, 'expected' | 'found'> = {},
): ComponentHit {
  const row = subject.wanted.find(({ argument }) => argument.flag === flag)?.row.id;
  return {
    ...(row === undefined ? {} : { row }),
    field: flag,
    message: `${argumentName(subject, flag)} ${says}`,
    ...values,
  };
}

/** Whether what several arguments name goes together: who is let in, who is believed, where somebody is reached. */
export const COMPONENT_TRUST_CHECKS: readonly ComponentCheck[] = [
  {
    code: 'argument-authority-shared',
    severity: 'error',
    says: 'The CAs for users, for front proxies and for etcd are three, also where arguments name them',
    citation: 'R2, R5, SECURITY.md',
    remedy: 'name the CA of the role in each argument, and have one of its own made where there is none',
    run: (subject) =>
      APART.filter(({ other }) => isOf(subject, other[0])).flatMap(({ one, other, says }) => {
        const same = ofComponent(subject.all, one[0]).find((candidate) =>
          isSameAuthority([candidate, one[1]], [subject, other[1]]),
        );
        if (same === undefined) return [];
        const found = listText(givenTo(subject, other[1]));
        return [
          hitOf(subject, other[1], `names the CA of ${argumentName(same, one[1])}: ${says}`, { found }),
        ];
      }),
  },
  {
    code: 'proxy-name-refused',
    severity: 'error',
    says: 'The API server is among the front proxies that may name a user',
    citation: 'R5.9, kubeadm.md 8',
    remedy: 'give --requestheader-allowed-names the common name of the certificate',
    run: (subject) => {
      const names = givenTo(subject, '--requestheader-allowed-names');
      const [certificate] = certificatesOf(subject, '--proxy-client-cert-file');
      if (certificate === undefined || names.length === 0) return [];
      const own = attributeValues(certificate.subject, COMMON_NAME_OID);
      if (own.some((name) => names.includes(name))) return [];
      const says = 'names a certificate whose common name --requestheader-allowed-names leaves out';
      return [
        hitOf(subject, '--proxy-client-cert-file', says, { expected: listText(names), found: listText(own) }),
      ];
    },
  },
  {
    code: 'etcd-in-the-clear',
    severity: 'error',
    says: 'etcd is reached from other hosts by TLS alone: in the clear it lets in everybody',
    citation: 'R1.9, R5.11, etcd.io/docs: transport security',
    remedy: 'listen on https:// addresses',
    run: (subject) =>
      LISTENING.filter(() => isOf(subject, 'etcd')).flatMap((flag) => {
        const open = givenTo(subject, flag)
          .flatMap(addressesIn)
          .filter(({ isTls, host }) => !isTls && !isLocal(host));
        return open.map(({ url }) => hitOf(subject, flag, 'is open to everybody', { found: url }));
      }),
  },
  {
    code: 'etcd-servers-in-the-clear',
    severity: 'error',
    says: 'The API server talks to etcd by TLS where it has a certificate for that',
    citation: 'R1.5, R5.1, R5.2',
    remedy: 'name https:// addresses',
    run: (subject) => {
      if (givenTo(subject, '--etcd-certfile').length === 0) return [];
      return givenTo(subject, '--etcd-servers')
        .flatMap(addressesIn)
        .filter(({ isTls }) => !isTls)
        .map(({ url }) =>
          hitOf(subject, '--etcd-servers', 'leads there in the clear, and the certificates are not used', {
            found: url,
          }),
        );
    },
  },
  {
    code: 'etcd-auto-tls',
    severity: 'error',
    says: 'etcd shows a certificate that its CA signed, not one that it makes for itself and that nobody verifies',
    citation: 'R5.11, R5.12, etcd.io/docs: transport security',
    remedy: 'give the certificate and its key, and take the argument out',
    run: (subject) =>
      AUTOMATIC.filter(() => isOf(subject, 'etcd')).flatMap(([flag, certificate]) => {
        const isOn = givenTo(subject, flag).some((value) => /^(?:1|t|true)$/i.test(value));
        // With a certificate etcd passes over it.
        if (!isOn || givenTo(subject, certificate).length > 0) return [];
        return [hitOf(subject, flag, 'has etcd make certificates for itself')];
      }),
  },
  {
    code: 'etcd-authority-other',
    severity: 'error',
    says: "The CA by which the API server believes etcd signed etcd's certificate",
    citation: 'R5.1, R5.11',
    remedy: 'name the CA of etcd, or have the certificate of etcd issued by the CA that is named',
    run: (subject) => {
      const authorities = placesOf(subject, '--etcd-cafile').flatMap(
        (place) => rowBehind(place, subject.audit)?.desired.id ?? [],
      );
      return ofComponent(subject.all, 'etcd').flatMap((etcd) => {
        const rows = placesOf(etcd, '--cert-file').flatMap((place) => rowBehind(place, subject.audit) ?? []);
        const signers = rows.flatMap(({ signedBy }) => signedBy);
        if (!isOf(subject, 'kube-apiserver') || authorities.length === 0 || rows.length === 0) return [];
        if (signers.some((id) => authorities.includes(id))) return [];
        const values = { expected: listText(signers), found: listText(authorities) };
        return [hitOf(subject, '--etcd-cafile', "names a CA that did not sign etcd's certificate", values)];
      });
    },
  },
  {
    code: 'address-uncovered',
    severity: 'error',
    says: 'The certificate that a component shows has the addresses under which arguments lead to it',
    citation: 'R3, RFC 9525 6.3',
    remedy: 'have the certificate issued with the address as well, or name one that it has',
    run: (subject) =>
      ADDRESSES.filter(({ argument }) => isOf(subject, argument[0])).flatMap(
        ({ argument: [, flag], shows: [component, shown], hostsOf }) => {
          const showing = isOf(subject, component) ? [subject] : ofComponent(subject.all, component);
          const certificates = showing.flatMap((each) => certificatesOf(each, shown).slice(0, 1));
          const hosts = givenTo(subject, flag).flatMap(hostsOf);
          const [certificate] = certificates;
          if (certificate === undefined) return [];
          return hosts
            .filter((host) => !UNSPECIFIED.includes(host))
            .filter((host) => !certificates.some((each) => isGoodForHost(each, host)))
            .map((host) =>
              hitOf(subject, flag, `leads to ${host}, which the certificate of ${component} has not`, {
                expected: host,
                found: listText((certificate.subjectAltName ?? []).map(({ value }) => value)),
              }),
            );
        },
      ),
  },
  {
    code: 'signing-certificates',
    severity: 'error',
    says: 'The file of the CA that signs requests holds one certificate: with two, every request fails and kube-controller-manager does not start',
    citation: 'docs/reference, measured: expected 1 certificate, found 2',
    remedy: 'name a file with the signing CA alone, also while a rotation is under way',
    run: (subject) =>
      placesOf(subject, '--cluster-signing-cert-file').flatMap((place) => {
        const { length } = certificatesIn(place, subject);
        if (length < 2) return [];
        const values = { expected: '1 certificate', found: `${length}` };
        return [
          hitOf(subject, '--cluster-signing-cert-file', 'names a file with several certificates', values),
        ];
      }),
  },
  {
    code: 'token-key-unknown',
    severity: 'error',
    says: 'The API server has the public key of every key that signs tokens of service accounts',
    citation: 'R2.4, R5.15, R5.16',
    remedy: 'name the public key of the signing key in --service-account-key-file',
    run: (subject) => {
      const signing: readonly Argument[] = [
        ['kube-apiserver', '--service-account-signing-key-file'],
        ['kube-controller-manager', '--service-account-private-key-file'],
      ];
      return signing
        .filter(([component]) => isOf(subject, component))
        .flatMap(([, flag]) =>
          ofComponent(subject.all, 'kube-apiserver').flatMap((apiserver) => {
            const places = placesOf(apiserver, '--service-account-key-file');
            const known = places.flatMap((place) => publicKeysIn(place, apiserver));
            const own = placesOf(subject, flag).flatMap((place) => publicKeysIn(place, subject));
            const isJudged = places.every((place) => rowBehind(place, subject.audit) !== undefined);
            if (!isJudged || known.length === 0) return [];
            return own
              .filter((key) => !known.some((other) => isSameDer(other, key)))
              .map(() =>
                hitOf(subject, flag, 'signs tokens that the API server refuses: it has another public key'),
              );
          }),
        );
    },
  },
];
