import { describe, expect, test } from '@jest/globals';
import { choose } from '../../src/resolve/choose.ts';
import { knownPaths } from '../../src/resolve/paths.ts';
import { PROFILES } from '../../src/table/profiles.ts';
import type { CaRow, CertificateRow, KubeconfigRow, Row } from '../../src/table/row.ts';
import { ROWS } from '../../src/table/rows.ts';
import { USAGES } from '../../src/table/usages.ts';
import { NEWEST_MINOR, OLDEST_MINOR, parseKubernetesVersion } from '../../src/table/versions.ts';

type CertifiedRow = CaRow | CertificateRow | KubeconfigRow;

const certified = ROWS.filter((row): row is CertifiedRow => 'usage' in row);
const each = <R extends Row>(rows: readonly R[]): (readonly [string, R])[] =>
  rows.map((row) => [row.id, row]);

/** Every profile at every minor release with and without backports. */
const rulings = PROFILES.flatMap((profile) =>
  Array.from({ length: NEWEST_MINOR - OLDEST_MINOR + 1 }, (_, index) => OLDEST_MINOR + index).flatMap(
    (minor) =>
      [`1.${minor}`, `1.${minor}.0`].flatMap((text) => {
        const kubernetesVersion = parseKubernetesVersion(text);
        return kubernetesVersion === undefined ? [] : [{ profile, kubernetesVersion }];
      }),
  ),
);

describe('every row of the table', () => {
  test('has an id of its own', () => {
    expect(new Set(ROWS.map((row) => row.id)).size).toBe(ROWS.length);
  });

  test('has files that no other row has', () => {
    expect(new Set(knownPaths()).size).toBe(knownPaths().length);
  });

  test('is what kubeadm makes by a phase of that name, in its order, or has none', () => {
    const namesOf = (phase: string): readonly string[] =>
      ROWS.flatMap((row) => (row.phase?.[0] === phase ? [row.phase[1]] : []));
    // kubeadm.md 1.1, 3.6.
    expect(namesOf('certs')).toEqual([
      'ca',
      'apiserver',
      'apiserver-kubelet-client',
      'front-proxy-ca',
      'front-proxy-client',
      'etcd-ca',
      'etcd-server',
      'etcd-peer',
      'etcd-healthcheck-client',
      'apiserver-etcd-client',
      'sa',
    ]);
    // kubeadm.md 2.5.
    expect(namesOf('kubeconfig')).toEqual([
      'admin',
      'super-admin',
      'kubelet',
      'controller-manager',
      'scheduler',
    ]);
    expect(ROWS.filter(({ phase }) => phase === undefined).every(({ when }) => when === 'rootCa')).toBe(true);
  });

  test.each(each(ROWS))('%s is frozen to its leaves', (_, row) => {
    const open: unknown[] = [row];
    for (const value of open) {
      if (typeof value !== 'object' || value === null) continue;
      expect(Object.isFrozen(value)).toBe(true);
      open.push(...Object.values(value));
    }
  });

  test.each(each(ROWS))('%s answers a requirement and says what it is for', (_, row) => {
    expect(row.requirements.length).toBeGreaterThan(0);
    expect(row.purpose).toMatch(/^[A-Za-z].*[^.]$/);
  });

  test.each(each(certified))('%s stands behind the CA that signs it', (id, row) => {
    const signer = row.kind === 'ca' ? row.signerUnderRoot : row.signer;
    if (signer === undefined) return expect(id).toBe('root-ca');
    const at = ROWS.findIndex((candidate) => candidate.id === signer);
    expect(ROWS[at]?.kind).toBe('ca');
    return expect(at).toBeLessThan(ROWS.findIndex((candidate) => candidate.id === id));
  });

  test.each(each(certified))('%s has SANs exactly when it serves', (_, row) => {
    for (const ruling of rulings) {
      const sans = row.kind === 'certificate' ? choose(row.sans, ruling) : [];
      expect(sans.length > 0).toBe(USAGES[row.usage].extKeyUsage.includes('serverAuth'));
    }
  });

  test.each(each(certified.filter((row) => row.kind === 'ca')))(
    '%s has the usages of a CA and lives as one',
    (_, row) => {
      expect({ usage: row.usage, lifetime: row.lifetime }).toEqual({ usage: 'ca', lifetime: 'ca' });
    },
  );

  test('every source of names is used by some row', () => {
    const used = ROWS.flatMap((row) =>
      row.kind === 'certificate' ? rulings.flatMap((ruling) => choose(row.sans, ruling)) : [],
    );
    for (const source of [
      'hostname',
      'hostAddresses',
      'advertiseAddress',
      'controlPlaneEndpoint',
      'serviceAddresses',
      'firstServiceAddress',
      'ipv6Loopback',
      'apiserverExtraSans',
      'etcdServerExtraSans',
      'etcdPeerExtraSans',
    ]) {
      expect(used).toContain(source);
    }
  });
});

describe('the usages', () => {
  test.each(rulings.map((ruling) => [`${ruling.profile} ${ruling.kubernetesVersion.text}`, ruling] as const))(
    'of %s let CAs sign and leaves not',
    (_, ruling) => {
      for (const [id, usage] of Object.entries(USAGES)) {
        const { rsa, other } = choose(usage.keyUsage, ruling);
        expect(usage.isCa).toBe(id === 'ca');
        expect(rsa.includes('keyCertSign')).toBe(usage.isCa);
        expect(other.includes('keyEncipherment')).toBe(false);
        if (usage.isCa) {
          expect(usage.extKeyUsage).toEqual([]);
          expect(rsa).toContain('cRLSign');
          expect(rsa).not.toContain('keyEncipherment');
        } else {
          expect(rsa).toContain('digitalSignature');
        }
      }
    },
  );
});

describe('system:masters, which nothing can take back, is carried', () => {
  const carriers = (text: string, profile: (typeof PROFILES)[number]): readonly string[] => {
    const kubernetesVersion = parseKubernetesVersion(text);
    if (kubernetesVersion === undefined) throw new Error(text);
    const ruling = { profile, kubernetesVersion };
    return certified
      .filter((row) => row.has === undefined || choose(row.has, ruling))
      .filter(
        (row) =>
          row.organization !== undefined && choose(row.organization, ruling).includes('system:masters'),
      )
      .map((row) => row.id);
  };

  test.each([
    ['requirements', '1.37', ['apiserver-kubelet-client', 'apiserver-etcd-client', 'admin.conf']],
    ['hardened', '1.37', ['super-admin.conf']],
    [
      'kubeadm',
      '1.28.15',
      ['apiserver-kubelet-client', 'etcd-healthcheck-client', 'apiserver-etcd-client', 'admin.conf'],
    ],
    ['kubeadm', '1.29.0', ['super-admin.conf']],
    ['kubeadm', '1.37', ['super-admin.conf']],
  ] as const)('in %s of %s by %j alone', (profile, version, ids) => {
    expect(carriers(version, profile)).toEqual(ids);
  });
});

describe('the O of apiserver-kubelet-client in kubeadm', () => {
  const row = ROWS.find(
    (candidate): candidate is CertificateRow => candidate.id === 'apiserver-kubelet-client',
  );

  test.each([
    ['1.24.17', ['system:masters']],
    ['1.28', ['system:masters']],
    ['1.29.0', ['kubeadm:cluster-admins']],
    ['1.33.11', ['kubeadm:cluster-admins']],
    ['1.33.12', []],
    ['1.34.7', ['kubeadm:cluster-admins']],
    ['1.34.8', []],
    ['1.35.4', ['kubeadm:cluster-admins']],
    ['1.35.5', []],
    ['1.36.0', ['kubeadm:cluster-admins']],
    ['1.36.1', []],
    ['1.36', []],
    ['1.37.0', []],
  ])('of %s is %j', (text, organization) => {
    const kubernetesVersion = parseKubernetesVersion(text);
    if (row?.organization === undefined || kubernetesVersion === undefined) throw new Error('no such row');
    expect(choose(row.organization, { profile: 'kubeadm', kubernetesVersion })).toEqual(organization);
  });
});
