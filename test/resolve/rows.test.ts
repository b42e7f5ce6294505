import { describe, expect, test } from '@jest/globals';
import type { ClusterOptions } from '../../src/cluster/options.ts';
import { parseClusterSpec } from '../../src/cluster/parse.ts';
import type { DesiredCertificateRow, DesiredKubeconfigRow, DesiredRow } from '../../src/resolve/desired.ts';
import { resolveRows } from '../../src/resolve/rows.ts';

const base: ClusterOptions = { hostIp: '192.0.2.10', hostname: 'cp1' };

function rowsOf(options: ClusterOptions): readonly DesiredRow[] {
  return resolveRows(parseClusterSpec({ ...base, ...options }, {}).spec);
}

function certificateOf(id: string, options: ClusterOptions): DesiredCertificateRow | DesiredKubeconfigRow {
  const row = rowsOf(options).find((candidate) => candidate.id === id);
  if (row === undefined || !('certificate' in row)) throw new Error(`${id} has no certificate`);
  return row;
}

function sansOf(id: string, options: ClusterOptions): readonly string[] {
  return certificateOf(id, options).certificate.sans.map(({ value }) => value);
}

function serversOf(options: ClusterOptions): Record<string, string> {
  return Object.fromEntries(
    rowsOf(options).flatMap((row) => (row.kind === 'kubeconfig' ? [[row.id, row.kubeconfig.server]] : [])),
  );
}

describe('the names of the API server', () => {
  test('in the requirements profile are R3.5 with [1], DNS names sorted and addresses in order', () => {
    expect(
      sansOf('apiserver', {
        controlPlaneEndpoint: 'lb.example.com:8443',
        apiserverCertExtraSans: ['*.api.example.com', '198.51.100.7', 'API.example.com'],
        serviceDnsDomain: 'corp.example',
        serviceCidr: '10.96.0.0/16,fd00:10:96::/112',
      }),
    ).toEqual([
      '*.api.example.com',
      'api.example.com',
      'cp1',
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      'kubernetes.default.svc.corp',
      'kubernetes.default.svc.corp.example',
      'lb.example.com',
      '10.96.0.1',
      'fd00:10:96::1',
      '192.0.2.10',
      '198.51.100.7',
    ]);
  });

  test('in the kubeadm profile hold the service address of the first family alone, and no short domain', () => {
    const sans = sansOf('apiserver', { profile: 'kubeadm', serviceCidr: 'fd00:10:96::/112,10.96.0.0/12' });
    expect(sans).toEqual([
      'cp1',
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      'kubernetes.default.svc.cluster.local',
      'fd00:10:96::1',
      '192.0.2.10',
    ]);
  });

  test.each(['requirements', 'kubeadm', 'hardened'] as const)(
    'in %s hold every host address and the advertise address once',
    (profile) => {
      const sans = sansOf('apiserver', {
        profile,
        hostIp: ['192.0.2.10', '192.0.2.11'],
        apiserverAdvertiseAddress: '192.0.2.11',
      });
      expect(sans.filter((name) => name.startsWith('192.0.2.')).toSorted()).toEqual([
        '192.0.2.10',
        '192.0.2.11',
      ]);
    },
  );

  test('hold an endpoint that is an address as an address', () => {
    const row = certificateOf('apiserver', { controlPlaneEndpoint: '[2001:db8::5]:6443' });
    expect(row.certificate.sans).toContainEqual({ kind: 'ip', value: '2001:db8::5' });
  });
});

describe('the names of etcd', () => {
  test.each(['etcd-server', 'etcd-peer'])('%s are R3.1 in the requirements profile', (id) => {
    expect(sansOf(id, {})).toEqual(['cp1', 'localhost', '192.0.2.10', '127.0.0.1']);
  });

  test('hold ::1 where a host address is IPv6', () => {
    expect(sansOf('etcd-server', { hostIp: ['192.0.2.10', '2001:db8::10'] })).toContain('::1');
  });

  test('always hold ::1 in the kubeadm profile', () => {
    expect(sansOf('etcd-peer', { profile: 'kubeadm' })).toEqual([
      'cp1',
      'localhost',
      '192.0.2.10',
      '127.0.0.1',
      '::1',
    ]);
  });

  test('take the extra names of their own role', () => {
    const options = {
      etcdServerCertExtraSans: 'etcd.example.com',
      etcdPeerCertExtraSans: 'peer.example.com',
    };
    expect(sansOf('etcd-server', options)).toContain('etcd.example.com');
    expect(sansOf('etcd-server', options)).not.toContain('peer.example.com');
    expect(sansOf('etcd-peer', options)).toContain('peer.example.com');
  });
});

describe('hostname and node name', () => {
  test('feed SANs and the kubelet each', () => {
    const options = { hostname: 'cp1.example.com', nodeName: 'node-1' };
    expect(sansOf('apiserver', options)).toContain('cp1.example.com');
    expect(sansOf('apiserver', options)).not.toContain('node-1');
    expect(certificateOf('kubelet.conf', options).certificate.commonName).toBe('system:node:node-1');
  });

  test('is the common name of etcd in the kubeadm profile', () => {
    expect(certificateOf('etcd-server', { profile: 'kubeadm' }).certificate.commonName).toBe('cp1');
    expect(certificateOf('etcd-server', {}).certificate.commonName).toBe('kube-etcd');
  });
});

describe('the servers of the kubeconfigs', () => {
  const host = 'https://192.0.2.10:6443';
  const endpoint = 'https://lb.example.com:8443';
  const controlPlaneEndpoint = 'lb.example.com:8443';

  test('are the host without an endpoint', () => {
    expect(new Set(Object.values(serversOf({})))).toEqual(new Set([host]));
  });

  test('are the endpoint for administrator and kubelet, the host for the components', () => {
    expect(serversOf({ controlPlaneEndpoint })).toEqual({
      'admin.conf': endpoint,
      'kubelet.conf': endpoint,
      'controller-manager.conf': host,
      'scheduler.conf': host,
    });
  });

  test.each([
    ['1.30.4', endpoint, undefined],
    ['1.31.0', endpoint, host],
    ['1.32.1', endpoint, host],
    ['1.33.0', host, endpoint],
    ['1.37', host, endpoint],
  ])('have for the kubelet of kubeadm %s %s, and may have %s', (kubernetesVersion, server, otherServer) => {
    const servers = rowsOf({ profile: 'kubeadm', kubernetesVersion, controlPlaneEndpoint }).flatMap((row) =>
      row.id === 'kubelet.conf' && row.kind === 'kubeconfig'
        ? [row.kubeconfig.server, row.kubeconfig.otherServer]
        : [],
    );
    expect(servers).toEqual([server, otherServer]);
  });

  test.each(['requirements', 'hardened'] as const)('are one alone for the kubelet in %s', (profile) => {
    const rows = rowsOf({ profile, controlPlaneEndpoint });
    expect(rows.find(({ id }) => id === 'kubelet.conf')).not.toHaveProperty('kubeconfig.otherServer');
  });

  test('take the bind port where the endpoint has none, and IPv6 in brackets', () => {
    expect(serversOf({ controlPlaneEndpoint: '2001:db8::5', apiserverBindPort: '7443' })['admin.conf']).toBe(
      'https://[2001:db8::5]:7443',
    );
  });
});

describe('the rows of a cluster', () => {
  test('with external etcd have no etcd file', () => {
    const paths = rowsOf({ externalEtcd: true }).flatMap((row) => row.files.map((file) => file.path));
    expect(paths.filter((path) => path.includes('etcd'))).toEqual([]);
  });

  test('under one root are signed by it, served with their intermediate and verified by the chain', () => {
    const rows = rowsOf({ rootCa: true });
    const cas = rows.filter((row) => row.kind === 'ca');
    expect(cas.map((row) => [row.id, row.kind === 'ca' ? row.certificate.signer : ''])).toEqual([
      ['root-ca', undefined],
      ['ca', 'root-ca'],
      ['front-proxy-ca', 'root-ca'],
      ['etcd-ca', 'root-ca'],
    ]);
    const chains = rows.flatMap((row) =>
      row.kind === 'certificate' && row.chain.length > 0 ? [[row.id, ...row.chain]] : [],
    );
    expect(chains).toEqual([
      ['apiserver', 'ca'],
      ['etcd-server', 'etcd-ca'],
      ['etcd-peer', 'etcd-ca'],
    ]);
    const [admin] = rows.filter((row) => row.kind === 'kubeconfig');
    expect(admin?.kind === 'kubeconfig' && admin.kubeconfig.trust).toEqual(['ca', 'root-ca']);
  });

  test('with the root apart keep its key there and its certificate in both places', () => {
    const [root] = rowsOf({ rootCa: true, rootCaDir: '/media/vault' });
    expect(root?.files.map(({ holds, path }) => [holds, path])).toEqual([
      ['certificate', 'pki/root-ca.crt'],
      ['copy', 'root-ca/root-ca.crt'],
      ['key', 'root-ca/root-ca.key'],
    ]);
  });

  test('have keyEncipherment for RSA alone', () => {
    expect(certificateOf('apiserver', {}).certificate.keyUsage).toEqual([
      'digitalSignature',
      'keyEncipherment',
    ]);
    expect(certificateOf('apiserver', { keyAlgorithm: 'ECDSA-P256' }).certificate.keyUsage).toEqual([
      'digitalSignature',
    ]);
  });

  test('hardened limit what CAs and clients may do', () => {
    const ca = certificateOf('ca', { profile: 'hardened' }).certificate;
    expect([ca.keyUsage, ca.pathLength]).toEqual([['keyCertSign', 'cRLSign'], 0]);
    const client = certificateOf('apiserver-etcd-client', { profile: 'hardened' }).certificate;
    expect([client.keyUsage, client.organization]).toEqual([['digitalSignature'], []]);
  });

  test('have RSA kubeconfigs beside ECDSA certificates in kubeadm before 1.31, as there', () => {
    const algorithmOf = (id: string, kubernetesVersion: string): string =>
      certificateOf(id, { profile: 'kubeadm', keyAlgorithm: 'ECDSA-P256', kubernetesVersion }).certificate
        .algorithm.id;
    expect(algorithmOf('admin.conf', '1.30.4')).toBe('RSA-2048');
    expect(algorithmOf('apiserver', '1.30.4')).toBe('ECDSA-P256');
    expect(algorithmOf('admin.conf', '1.31.0')).toBe('ECDSA-P256');
  });
});
