import { type KubeconfigUser, OTHER_CREDENTIALS, type OtherCredential } from '../kubeconfig/parse.ts';
import { isSameServer } from '../kubeconfig/server.ts';
import type { DesiredKubeconfigRow } from '../resolve/desired.ts';
import { isGoodForHost } from '../x509/host-name.ts';
import type { Certificate } from '../x509/model.ts';
import { type Check, type CheckContext, type Hit, listText, withoutSecrets } from './check.ts';
import { isSameDer, type NamedFile, type RowEvidence } from './evidence.ts';
import { ISSUE_LEAF_ANEW, MAKE_KUBECONFIG_ANEW } from './remedies.ts';
import { generalNameText, nameText } from './text.ts';
import { timeText } from './time.ts';

type Present = RowEvidence & {
  readonly desired: DesiredKubeconfigRow;
  readonly kubeconfig: NonNullable<RowEvidence['kubeconfig']>;
};

function isPresent(row: RowEvidence): row is Present {
  return row.desired.kind === 'kubeconfig' && row.kubeconfig !== undefined;
}

function kubeconfigCheck(
  check: Omit<Check, 'run' | 'appliesTo'>,
  find: (
    row: Present,
    evidence: ReadonlyMap<string, RowEvidence>,
    audit: CheckContext['audit'],
  ) => readonly Omit<Hit, 'path'>[],
): Check {
  return {
    appliesTo: ['kubeconfig'],
    ...check,
    run: (row, { evidence, audit }) =>
      isPresent(row)
        ? find(row, evidence, audit).map((hit) => ({ path: row.files[0]?.path ?? '', ...hit }))
        : [],
  };
}

const AUTHORITY = 'certificate-authority';
/** The parts of a client's credential, as they are spoken of. */
const CREDENTIAL = { 'client-certificate': 'client certificate', 'client-key': 'client key' } as const;
const HTTPS = /^https:\/\//i;

/** What is behind a file that is named, where that was not looked at. */
function unseenText({ state }: NamedFile): string {
  return state === 'unseen' ? ', which is not looked at' : '';
}

/** The host of a URL as Go's net/url has it; undefined for one that is not https. */
function hostOf(server: string): string | undefined {
  const [, ipv6, name] =
    /^https:\/\/(?:[^/?#]*@)?(?:\[([^\]]*)\]|([^:/?#]*))(?::\d*)?(?:[/?#]|$)/i.exec(server) ?? [];
  if (!HTTPS.test(server)) return undefined;
  return ipv6 ?? name ?? '';
}

/** What tells a certificate of a CA from another one of the same key. */
function issuedText({ serialHex, notAfter }: Certificate): string {
  return `serial number ${serialHex}, until ${timeText(notAfter)}`;
}

function isServer({ desired }: RowEvidence): boolean {
  return desired.kind === 'certificate' && desired.isServedToKubeconfigs === true;
}

/** What proves who a user is beside a client certificate. Of none is more said than that it is there. */
const OTHER_CREDENTIAL_ROWS: Readonly<
  Record<OtherCredential, Omit<Check, 'run' | 'appliesTo'> & { readonly found: string }>
> = {
  token: {
    code: 'kubeconfig-token',
    severity: 'error',
    says: 'A kubeconfig of a component carries no token in clear: it lets in somebody else than the row says, and does not end when the certificate ends',
    citation: 'R6, CIS Kubernetes Benchmark 3.1.2',
    remedy: 'remove the token and withdraw it',
    found: 'a token in clear',
  },
  tokenFile: {
    code: 'kubeconfig-token-file',
    severity: 'warning',
    says: 'A kubeconfig of a component names no file of a token: whose it is, is not seen from here',
    citation: 'R6',
    remedy: 'remove tokenFile unless it is meant',
    found: 'the name of a file that holds a token',
  },
  password: {
    code: 'kubeconfig-password',
    severity: 'error',
    says: 'A kubeconfig carries no user name and password: no API server since 1.19 takes them, so a secret lies here for nothing',
    citation: 'R6, Kubernetes 1.19 release notes (basic authentication)',
    remedy: 'remove them, and change the password wherever else it is used',
    found: 'a user name or a password in clear',
  },
  'auth-provider': {
    code: 'kubeconfig-auth-provider',
    severity: 'warning',
    says: 'A kubeconfig of a component has no auth-provider: most are gone from client-go 1.26, and one keeps its tokens in the file',
    citation: 'R6, Kubernetes 1.26 release notes',
    remedy: 'remove auth-provider unless it is meant',
    found: 'an auth-provider',
  },
  exec: {
    code: 'kubeconfig-exec',
    severity: 'warning',
    says: 'A kubeconfig of a component starts no program for its credential: whoever uses the file runs that program',
    citation: 'R6, client authentication v1',
    remedy: 'find out who put it there, and remove exec unless it is meant',
    found: 'a program to start for a credential',
  },
};

function carriedBy({ clientCertificate, clientKey, otherCredentials }: KubeconfigUser): readonly string[] {
  return [
    ...(clientCertificate === undefined ? [] : ['client-certificate']),
    ...(clientKey === undefined ? [] : ['client-key']),
    ...otherCredentials,
  ];
}

/** Whether a kubeconfig leads to the right server, trusts the right CA and carries a credential. */
export const KUBECONFIG_CHECKS: readonly Check[] = [
  kubeconfigCheck(
    {
      code: 'server',
      severity: 'error',
      says: 'A kubeconfig names the server that was asked for, or the other one that the table lets it keep',
      citation: 'R6, kubeadm.md 2.1 and 2.2',
      remedy: `${MAKE_KUBECONFIG_ANEW}, or ask for the address that it names (--control-plane-endpoint)`,
    },
    ({ desired, kubeconfig: { server: found = 'none' } }) => {
      const { server, otherServer = server } = desired.kubeconfig;
      // That it is reached without TLS is told by itself.
      const secured = found.replace(/^http:/i, 'https:');
      if (isSameServer(secured, server) || isSameServer(secured, otherServer)) return [];
      const expected = [...new Set([server, otherServer])].join(' or ');
      return [{ field: 'server', message: 'names another server', expected, found: withoutSecrets(found) }];
    },
  ),
  kubeconfigCheck(
    {
      code: 'trust',
      severity: 'error',
      says: 'A kubeconfig trusts the CA that is here, and no other',
      citation: 'R6, kubeadm.md 2.3',
      remedy: MAKE_KUBECONFIG_ANEW,
    },
    ({ desired, trust, unreadable, named }, evidence, audit) => {
      const wanted = desired.kubeconfig.trust.flatMap((id) => evidence.get(id)?.certificates ?? []);
      const isUnread = unreadable.some(({ field }) => field === AUTHORITY);
      const isUnseen = named.some(({ field, state }) => field === AUTHORITY && state !== 'read');
      if (wanted.length === 0 || isUnread || isUnseen) return [];
      const isIn = (certificates: typeof trust, { spkiDer, subject }: Certificate): boolean =>
        certificates.some(
          (other) => isSameDer(other.spkiDer, spkiDer) && isSameDer(other.subject.der, subject.der),
        );
      const isLost =
        audit?.isPartial === true &&
        desired.kubeconfig.trust.some((id) => (evidence.get(id)?.certificates ?? []).length === 0);
      const foreign = isLost ? [] : trust.filter((certificate) => !isIn(wanted, certificate));
      // Of a CA's file kubeadm takes the first certificate alone (kubeadm.md 2.1); under a root the chain has to end there.
      const absent = desired.kubeconfig.trust
        .flatMap((id) => evidence.get(id)?.certificates.slice(0, 1) ?? [])
        .filter((certificate) => !isIn(trust, certificate));
      if (foreign.length === 0 && absent.length === 0) return [];
      const names = (certificates: typeof trust): string =>
        listText(certificates.map((certificate) => `"${nameText(certificate.subject)}"`));
      // Where ca.crt has several, as during a rotation, it may trust one of the others.
      const trusted = foreign.length > 0 ? foreign : trust;
      return [
        {
          field: AUTHORITY,
          message:
            absent.length > 0
              ? `does not trust the ${foreign.length === 0 && trust.length > 0 ? 'first ' : ''}CA that is here`
              : 'trusts another CA beside the one that is here',
          expected: `the certificates of ${desired.kubeconfig.trust.join(' and ')}`,
          found: `${names(trusted)}${absent.length > 0 && names(trusted) === names(absent) ? ' with another key' : ''}`,
        },
      ];
    },
  ),
  kubeconfigCheck(
    {
      code: 'trust-outdated',
      severity: 'warning',
      says: 'A kubeconfig trusts the certificate of the CA that is here, not another one of the same name and key: that one ends at another time',
      citation: 'R6, RFC 5280 6.1.1 (d)',
      remedy: 'have the kubeconfig made anew before the certificate that it trusts ends',
    },
    ({ desired, trust }, evidence) => {
      const wanted = desired.kubeconfig.trust.flatMap((id) => evidence.get(id)?.certificates ?? []);
      return trust.flatMap((certificate) => {
        const { der, spkiDer, subject, notBefore } = certificate;
        const same = wanted.filter(
          (other) => isSameDer(other.spkiDer, spkiDer) && isSameDer(other.subject.der, subject.der),
        );
        const [own] = same;
        if (own === undefined || same.some((other) => isSameDer(other.der, der))) return [];
        return [
          {
            field: AUTHORITY,
            message: `trusts ${notBefore < own.notBefore ? 'an earlier' : 'another'} certificate of the same CA`,
            expected: issuedText(own),
            found: issuedText(certificate),
          },
        ];
      });
    },
  ),
  kubeconfigCheck(
    {
      code: 'kubeconfig-names',
      severity: 'warning',
      says: 'Cluster, user and context have the names that were asked for',
      citation: 'R6, kubeadm.md 2.1',
      remedy: `ask for the name that is there with --cluster-name, or ${MAKE_KUBECONFIG_ANEW}`,
    },
    ({ desired, kubeconfig }) => {
      const { bootstrapped } = desired.kubeconfig;
      const fields = ['cluster', 'user', 'context'] as const;
      if (fields.every((field) => kubeconfig[field] === bootstrapped?.[field])) return [];
      return fields.flatMap((field) =>
        kubeconfig[field] === desired.kubeconfig[field]
          ? []
          : [
              {
                field,
                message: `has another ${field} name`,
                expected: desired.kubeconfig[field],
                found: kubeconfig[field],
              },
            ],
      );
    },
  ),
  kubeconfigCheck(
    {
      code: 'tls-verify-skipped',
      severity: 'error',
      says: 'A kubeconfig verifies the server',
      citation: 'RFC 8446 appendix C.2',
      remedy: 'remove insecure-skip-tls-verify from the file',
    },
    ({ kubeconfig }) =>
      kubeconfig.isTlsVerifySkipped
        ? [
            {
              field: 'insecure-skip-tls-verify',
              message:
                kubeconfig.certificateAuthority === undefined
                  ? 'does not verify the server'
                  : 'does not verify the server, and is refused by clients: it has a CA to verify by',
              expected: 'absent',
              found: 'true',
            },
          ]
        : [],
  ),
  kubeconfigCheck(
    {
      code: 'credential-absent',
      severity: 'error',
      says: 'A kubeconfig carries a client certificate and its key',
      citation: 'R6',
      remedy: MAKE_KUBECONFIG_ANEW,
    },
    ({ kubeconfig }) =>
      (
        [
          ['client-certificate', kubeconfig.clientCertificate],
          ['client-key', kubeconfig.clientKey],
        ] as const
      ).flatMap(([field, part]) =>
        part === undefined ? [{ field, message: `carries no ${CREDENTIAL[field]}` }] : [],
      ),
  ),
  kubeconfigCheck(
    {
      code: 'credential-in-file',
      severity: 'notice',
      says: 'A credential that a kubeconfig names by file is looked at where the file is among what is audited',
      citation: 'kubeadm.md 2.1',
      remedy: 'nothing to do: a kubelet names its own rotated certificate',
    },
    ({ named }) =>
      named.flatMap((part) =>
        part.field === 'client-certificate' || part.field === 'client-key'
          ? [
              {
                field: part.field,
                message: `names a file instead of embedding its ${CREDENTIAL[part.field]}${unseenText(part)}`,
                found: part.file,
              },
            ]
          : [],
      ),
  ),
  kubeconfigCheck(
    {
      code: 'trust-in-file',
      severity: 'warning',
      says: 'A kubeconfig embeds the CA that it trusts: a file may be changed behind its back',
      citation: 'R6',
      remedy: MAKE_KUBECONFIG_ANEW,
    },
    ({ named }) =>
      named
        .filter(({ field }) => field === AUTHORITY)
        .map((part) => ({
          field: AUTHORITY,
          message: `names a file for the CA that it trusts${unseenText(part)}`,
          found: part.file,
        })),
  ),
  kubeconfigCheck(
    {
      code: 'named-file-absent',
      only: 'audit',
      severity: 'error',
      says: 'A file that a kubeconfig names within what is audited is there and can be read',
      citation: 'R6',
      remedy: `bring back the file, or ${MAKE_KUBECONFIG_ANEW}`,
    },
    ({ named }, _, audit) =>
      named
        .filter(({ state }) => state === 'absent')
        // Where some of the files are lost, nobody can tell what else is not there.
        .filter(({ obstacle }) => obstacle !== undefined || audit?.isPartial !== true)
        .map(({ field, file, obstacle = 'is not there' }) => ({
          field,
          message: `names a file that ${obstacle}`,
          found: file,
        })),
  ),
  kubeconfigCheck(
    {
      code: 'kubeconfig-refused',
      severity: 'error',
      says: 'A kubeconfig is one that client-go loads: it takes no two answers to one question',
      citation: 'client-go tools/clientcmd',
      remedy: `mend the field that is named, or ${MAKE_KUBECONFIG_ANEW}`,
    },
    ({ kubeconfig: { refusals } }) =>
      refusals.map(({ field, message }) => ({
        field,
        message: `is refused by clients: ${field} ${message}`,
      })),
  ),
  kubeconfigCheck(
    {
      code: 'server-not-https',
      severity: 'error',
      says: 'A kubeconfig reaches its server by https: client-go sends everything in clear otherwise, and no credential',
      citation: 'R6, client-go tools/clientcmd',
      remedy: MAKE_KUBECONFIG_ANEW,
    },
    ({ kubeconfig: { server } }) =>
      server === undefined || HTTPS.test(server)
        ? []
        : [
            {
              field: 'server',
              message: 'reaches the server without TLS',
              expected: 'https://…',
              found: withoutSecrets(server),
            },
          ],
  ),
  kubeconfigCheck(
    {
      code: 'server-not-covered',
      only: 'audit',
      severity: 'error',
      says: 'The certificate of the API server is good for the host that a kubeconfig reaches it under, or for its tls-server-name',
      citation: 'RFC 9525 6.3',
      remedy: `write a name that the certificate has into the kubeconfig, or issue the certificate with this one too (--apiserver-cert-extra-sans): ${ISSUE_LEAF_ANEW}`,
    },
    ({ kubeconfig: { server = '', tlsServerName } }, evidence) => {
      const host = tlsServerName ?? hostOf(server);
      const servers = [...evidence.values()].filter(isServer).flatMap((row) => row.certificates.slice(0, 1));
      if (host === undefined || servers.length === 0) return [];
      return servers
        .filter((certificate) => !isGoodForHost(certificate, host))
        .map(({ subjectAltName = [] }) => ({
          field: tlsServerName === undefined ? 'server' : 'tls-server-name',
          message: 'reaches the API server under a name that its certificate does not have',
          expected: host === '' ? 'a host' : host,
          found: listText(subjectAltName.map(generalNameText)),
        }));
    },
  ),
  ...OTHER_CREDENTIALS.map((credential) => {
    const { found, ...row } = OTHER_CREDENTIAL_ROWS[credential];
    return kubeconfigCheck(row, ({ kubeconfig, named }) => {
      if (!kubeconfig.otherCredentials.includes(credential)) return [];
      const file = named.find(({ field }) => field === credential);
      const message = `carries ${found}`;
      return [{ field: credential, message, ...(file === undefined ? {} : { found: file.file }) }];
    });
  }),
  kubeconfigCheck(
    {
      code: 'kubeconfig-other-users',
      severity: 'warning',
      says: 'A kubeconfig carries the credential of one user: what else is in it is copied and leaked along with it',
      citation: 'R6',
      remedy: 'move the other users into files of their own',
    },
    ({ kubeconfig: { otherUsers } }) =>
      otherUsers
        .map((user) => [user.name, carriedBy(user)] as const)
        .filter(([, carried]) => carried.length > 0)
        .map(([name, carried]) => ({
          field: 'users',
          message: `carries a credential of another user, ${JSON.stringify(name)}`,
          found: listText(carried),
        })),
  ),
  kubeconfigCheck(
    {
      code: 'kubeconfig-other-entries',
      severity: 'notice',
      says: 'A kubeconfig has one cluster, one user and one context',
      citation: 'R6',
      remedy: 'nothing to do: what is not current is not used',
    },
    ({ kubeconfig: { otherEntries, otherUsers } }) => {
      const bare = otherUsers.filter((user) => carriedBy(user).length === 0);
      const found = [...otherEntries, ...bare.map(({ name }) => `user ${JSON.stringify(name)}`)];
      return found.length === 0 ? [] : [{ message: 'has further entries', found: listText(found) }];
    },
  ),
  kubeconfigCheck(
    {
      code: 'kubeconfig-surplus',
      severity: 'warning',
      says: 'A kubeconfig says nothing beside server, CA and client certificate: a proxy, another name or an identity to act as changes what it means',
      citation: 'R6',
      remedy: `remove the fields unless they are meant, or ${MAKE_KUBECONFIG_ANEW}`,
    },
    ({ kubeconfig: { otherFields } }) =>
      otherFields.length === 0 ? [] : [{ message: 'has further fields', found: listText(otherFields) }],
  ),
];
