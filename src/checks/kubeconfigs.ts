import type { DesiredKubeconfigRow } from '../resolve/desired.ts';
import type { Certificate } from '../x509/model.ts';
import { type Check, type Hit, listText } from './check.ts';
import { isSameDer, type RowEvidence } from './evidence.ts';
import { nameText } from './text.ts';

type Present = RowEvidence & {
  readonly desired: DesiredKubeconfigRow;
  readonly kubeconfig: NonNullable<RowEvidence['kubeconfig']>;
};

function isPresent(row: RowEvidence): row is Present {
  return row.desired.kind === 'kubeconfig' && row.kubeconfig !== undefined;
}

function kubeconfigCheck(
  check: Omit<Check, 'run' | 'appliesTo'>,
  find: (row: Present, evidence: ReadonlyMap<string, RowEvidence>) => readonly Omit<Hit, 'path'>[],
): Check {
  return {
    appliesTo: ['kubeconfig'],
    ...check,
    run: (row, { evidence }) =>
      isPresent(row) ? find(row, evidence).map((hit) => ({ path: row.files[0]?.path ?? '', ...hit })) : [],
  };
}

/** Whether a kubeconfig leads to the right server, trusts the right CA and carries a credential. */
export const KUBECONFIG_CHECKS: readonly Check[] = [
  kubeconfigCheck(
    {
      code: 'server',
      severity: 'error',
      says: 'A kubeconfig names the server that was asked for, or the other one that the table lets it keep',
      citation: 'R6, kubeadm.md 2.1 and 2.2',
      remedy: 'have the kubeconfig made anew, or ask for the address that it names',
    },
    ({ desired, kubeconfig: { server: found = 'none' } }) => {
      const { server, otherServer = server } = desired.kubeconfig;
      if (found === server || found === otherServer) return [];
      const expected = [...new Set([server, otherServer])].join(' or ');
      return [{ field: 'server', message: 'names another server', expected, found }];
    },
  ),
  kubeconfigCheck(
    {
      code: 'trust',
      severity: 'error',
      says: 'A kubeconfig trusts the CA that is here, and no other',
      citation: 'R6, kubeadm.md 2.3',
      remedy: 'have the kubeconfig made anew',
    },
    ({ desired, kubeconfig, trust, unreadable }, evidence) => {
      const wanted = desired.kubeconfig.trust.flatMap((id) => evidence.get(id)?.certificates ?? []);
      const authority = kubeconfig.certificateAuthority;
      if (wanted.length === 0 || unreadable.length > 0 || (authority !== undefined && 'file' in authority))
        return [];
      const isIn = (certificates: typeof trust, { der }: Certificate): boolean =>
        certificates.some((candidate) => isSameDer(candidate.der, der));
      const foreign = trust.filter((certificate) => !isIn(wanted, certificate));
      // Of a CA's file kubeadm takes the first certificate alone (kubeadm.md 2.1); under a root the chain has to end there.
      const absent = desired.kubeconfig.trust
        .flatMap((id) => evidence.get(id)?.certificates.slice(0, 1) ?? [])
        .filter((certificate) => !isIn(trust, certificate));
      if (foreign.length === 0 && absent.length === 0) return [];
      const names = (certificates: typeof trust): string =>
        listText(certificates.map((certificate) => `"${nameText(certificate.subject)}"`));
      return [
        {
          field: 'certificate-authority-data',
          message:
            absent.length > 0
              ? 'does not trust the CA that is here'
              : 'trusts another CA beside the one that is here',
          expected: `the certificates of ${desired.kubeconfig.trust.join(' and ')}`,
          found: `${names(foreign)}${absent.length > 0 && names(foreign) === names(absent) ? ' with another key' : ''}`,
        },
      ];
    },
  ),
  kubeconfigCheck(
    {
      code: 'kubeconfig-names',
      severity: 'warning',
      says: 'Cluster, user and context have the names that were asked for',
      citation: 'R6, kubeadm.md 2.1',
      remedy: 'ask for the name that is there with --cluster-name, or have the kubeconfig made anew',
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
              message: 'does not verify the server',
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
      remedy: 'have the kubeconfig made anew',
    },
    ({ kubeconfig }) =>
      (['clientCertificate', 'clientKey'] as const).flatMap((part) =>
        kubeconfig[part] === undefined
          ? [
              {
                field: part === 'clientKey' ? 'client-key' : 'client-certificate',
                message: 'carries no client certificate or key',
              },
            ]
          : [],
      ),
  ),
  kubeconfigCheck(
    {
      code: 'credential-in-file',
      severity: 'notice',
      says: 'What a kubeconfig names by file is not looked at here',
      citation: 'kubeadm.md 2.1',
      remedy: 'nothing to do: a kubelet names its own rotated certificate',
    },
    ({ kubeconfig }) =>
      (['clientCertificate', 'clientKey'] as const).flatMap((part) => {
        const embedded = kubeconfig[part];
        return embedded !== undefined && 'file' in embedded
          ? [{ field: part, message: 'names a file instead of embedding it', found: embedded.file }]
          : [];
      }),
  ),
  kubeconfigCheck(
    {
      code: 'trust-in-file',
      severity: 'warning',
      says: 'A kubeconfig embeds the CA that it trusts: a file may be changed behind its back, and is not looked at here',
      citation: 'R6',
      remedy: 'have the kubeconfig made anew',
    },
    ({ kubeconfig: { certificateAuthority: authority } }) =>
      authority !== undefined && 'file' in authority
        ? [
            {
              field: 'certificate-authority',
              message: 'names a file for the CA that it trusts',
              found: authority.file,
            },
          ]
        : [],
  ),
  kubeconfigCheck(
    {
      code: 'kubeconfig-surplus',
      severity: 'warning',
      says: 'A kubeconfig says nothing beside server, CA and client certificate: a proxy, another name or credential changes what it means',
      citation: 'R6',
      remedy: 'remove the fields unless they are meant, or have the kubeconfig made anew',
    },
    ({ kubeconfig: { otherFields } }) =>
      otherFields.length === 0 ? [] : [{ message: 'has further fields', found: listText(otherFields) }],
  ),
];
