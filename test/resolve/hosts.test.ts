import { describe, expect, test } from '@jest/globals';
import { parseClusterSpec } from '../../src/cluster/parse.ts';
import { inferRole, rowsOnHost } from '../../src/resolve/hosts.ts';
import { knownPaths } from '../../src/resolve/paths.ts';
import { resolveRows } from '../../src/resolve/rows.ts';

const ROWS = resolveRows(parseClusterSpec({ hostIp: '192.0.2.10', hostname: 'cp1' }, {}).spec);
const among = (paths: readonly string[]) => (path: string) => paths.includes(path);
const roleOf = (...paths: readonly string[]) => inferRole(among(paths));

const ETCD = ['ca', 'server', 'peer', 'healthcheck-client'].flatMap((name) => [
  `pki/etcd/${name}.crt`,
  `pki/etcd/${name}.key`,
]);
const CONTROL_PLANE = knownPaths().filter((path) => !path.includes('root-ca') && !path.includes('chain'));

describe('the kind of host shows', () => {
  test.each([
    ['a control plane', 'control-plane', CONTROL_PLANE],
    ['one with an external etcd', 'control-plane', CONTROL_PLANE.filter((path) => !path.includes('etcd'))],
    ['one without kubeconfigs', 'control-plane', CONTROL_PLANE.filter((path) => path.startsWith('pki/'))],
    ['one that lost half of it', 'control-plane', CONTROL_PLANE.filter((_, index) => index % 4 < 2)],
    [
      'one that lost all but its etcd',
      'control-plane',
      [...ETCD, 'pki/sa.key', 'pki/ca.crt', 'kubelet.conf'],
    ],
    ['one that kept a kubeconfig beside it', 'control-plane', [...ETCD, 'scheduler.conf']],
    ['one that kept the key of its CA beside it', 'control-plane', [...ETCD, 'pki/ca.crt', 'pki/ca.key']],
    ['CAs by themselves', 'control-plane', CONTROL_PLANE.filter((path) => /ca\.(crt|key)$/.test(path))],
    ['the cluster CA by itself', 'control-plane', ['pki/ca.crt', 'pki/ca.key']],
    ['nothing', 'control-plane', []],
    ['strays', 'control-plane', ['pki/other.key']],
    ['a worker', 'worker', ['pki/ca.crt', 'kubelet.conf']],
    ['a worker without its CA', 'worker', ['kubelet.conf']],
    ['a worker without its kubeconfig', 'worker', ['pki/ca.crt']],
    [
      'a worker under a root',
      'worker',
      ['pki/root-ca.crt', 'pki/ca-chain.crt', 'pki/ca.crt', 'kubelet.conf'],
    ],
    ['a worker with a key of the CA', 'worker', ['pki/ca.crt', 'pki/ca.key', 'kubelet.conf']],
    ['a worker with what the API server has', 'worker', ['pki/ca.crt', 'kubelet.conf', 'pki/apiserver.key']],
    ['a member of an external etcd', 'etcd', ETCD],
    ['one that keeps what it hands out', 'etcd', [...ETCD, 'pki/apiserver-etcd-client.key']],
    ['one without the key of the CA', 'etcd', ETCD.filter((path) => path !== 'pki/etcd/ca.key')],
    ['one that has lost a pair', 'etcd', ETCD.filter((path) => !path.includes('peer'))],
    ['one that is a worker, too', 'etcd', [...ETCD, 'pki/ca.crt', 'kubelet.conf']],
  ])('of %s', (_, role, paths) => {
    expect(roleOf(...paths)).toBe(role);
  });
});

describe('a host is held against', () => {
  const heldOn = (role: Parameters<typeof rowsOnHost>[1], ...there: readonly string[]): readonly string[] =>
    rowsOnHost(ROWS, role, among(there)).flatMap(({ files }) => files.map(({ path }) => path));

  test('everything, on a control plane', () => {
    expect(rowsOnHost(ROWS, 'control-plane', () => false)).toEqual(ROWS);
  });

  test('what it has, and what it may have where that is there', () => {
    expect(heldOn('worker')).toEqual(['pki/ca.crt', 'kubelet.conf']);
    expect(heldOn('etcd')).toEqual(ETCD);
    expect(heldOn('etcd', 'pki/ca.crt')).toEqual(['pki/ca.crt', ...ETCD]);
    expect(heldOn('etcd', 'pki/apiserver-etcd-client.crt')).toEqual([
      ...ETCD,
      'pki/apiserver-etcd-client.crt',
      'pki/apiserver-etcd-client.key',
    ]);
  });

  test('secrets that it should not have, and not the rest', () => {
    expect(heldOn('worker', 'pki/ca.key', 'pki/sa.pub', 'pki/apiserver.crt', 'admin.conf')).toEqual([
      'pki/ca.crt',
      'pki/ca.key',
      'admin.conf',
      'kubelet.conf',
    ]);
  });
});
