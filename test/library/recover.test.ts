import { beforeAll, describe, expect, test } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import {
  type ClusterPki,
  generateClusterPki,
  type PresentFile,
  type RecoverClusterPkiOptions,
  recoverClusterPki,
  verifyClusterPki,
} from '../../src/index.ts';

const options = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' } as const;
const LATER = new Date(Date.now() + 500 * 86_400_000);
const LOST = ['pki/apiserver.crt', 'pki/apiserver.key', 'scheduler.conf'];

let pki: ClusterPki;
beforeAll(async () => {
  pki = await generateClusterPki({
    ...options,
    profile: 'kubeadm',
    apiserverCertExtraSans: 'api.example.com',
  });
});

const isLost = ({ path }: PresentFile): boolean => LOST.includes(path);
const recover = (more: Partial<RecoverClusterPkiOptions> = {}): ReturnType<typeof recoverClusterPki> =>
  recoverClusterPki({ files: pki.files.filter((file) => !isLost(file)), now: LATER, ...more });

describe('a recovery in memory', () => {
  test('makes again what has expired and what is gone, of this host and of other nodes', async () => {
    const before = JSON.stringify(pki.files);
    const recovered = await recover({ nodes: ['cp1', 'worker1'], apiserverCertExtraSans: 'api.example.com' });
    expect(JSON.stringify(pki.files)).toBe(before);
    const paths = recovered.files.map(({ path }) => path);
    for (const path of [...LOST, 'kubelet.conf', 'nodes/worker1/kubelet.conf']) expect(paths).toContain(path);
    expect(paths.filter((path) => /ca\.|sa\.|nodes\/cp1/.test(path))).toEqual([]);
    expect(recovered.away).toEqual([]);
    expect(recovered.reload?.steps.flatMap(({ files }) => files)).toContain('scheduler.conf');

    const own = recovered.files.filter(({ path }) => !path.startsWith('nodes/'));
    const kept = pki.files.filter(({ path }) => !paths.includes(path));
    const { findings } = await verifyClusterPki({
      files: [...kept, ...own],
      ...options,
      profile: 'kubeadm',
      apiserverCertExtraSans: 'api.example.com',
      at: LATER,
    });
    expect(findings.filter(({ severity }) => severity !== 'notice')).toEqual([]);
    const node = recovered.files.find(({ path }) => path === 'nodes/worker1/kubelet.conf');
    const [, embedded = ''] = /client-certificate-data: (\S+)/.exec(node?.contents ?? '') ?? [];
    expect(new X509Certificate(Buffer.from(embedded, 'base64')).subject).toBe(
      'O=system:nodes\nCN=system:node:worker1',
    );
  });

  test('leaves a super-admin.conf away that is away, and says so', async () => {
    const files = pki.files.filter(({ path }) => path !== 'super-admin.conf');
    const recovered = await recover({ files });
    expect(recovered.away).toEqual(['super-admin.conf']);
    expect(recovered.files.map(({ path }) => path)).not.toContain('super-admin.conf');
  });

  test('wants to be told what no certificate says any more', async () => {
    const files = pki.files.filter(({ path }) => /\/(?:.*ca|sa)\./.test(path));
    await expect(recover({ files, profile: 'kubeadm' })).rejects.toMatchObject({ code: 'ERR_CONFIG' });
  });

  test('reports everything that is wrong with its options together', async () => {
    const wrong = { now: new Date(Number.NaN), nodes: ['A_b'], from: JSON.parse('"both"') };
    await expect(recover(wrong)).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      detail: { issues: [{ option: 'now' }, { option: 'node', value: 'A_b' }, { option: 'from' }] },
    });
  });

  test('takes each of the nodes once, and nothing for a list that is none', async () => {
    const { files } = await recover({
      nodes: ['w1', 'W1', 'w1', 'w2'],
      apiserverCertExtraSans: 'api.example.com',
    });
    expect(files.map(({ path }) => path).filter((path) => path.startsWith('nodes/'))).toEqual([
      'nodes/w1/kubelet.conf',
      'nodes/w2/kubelet.conf',
    ]);
    for (const nodes of ['"w1"', '[1]', 'null'].map((text) => JSON.parse(text)))
      await expect(recover({ nodes })).rejects.toMatchObject({
        code: 'ERR_CONFIG',
        message: 'nodes: must be a list of names of nodes',
        detail: { issues: [{ option: 'nodes' }] },
      });
  });
});
