import { describe, expect, test } from '@jest/globals';
import { parseClusterSpec } from '../../src/cluster/parse.ts';
import { resolveReload } from '../../src/resolve/reload.ts';
import { resolveRows } from '../../src/resolve/rows.ts';
import { RELOADS } from '../../src/table/reloads.ts';
import { ROWS } from '../../src/table/rows.ts';

const { spec } = parseClusterSpec({ hostIp: '192.0.2.10', hostname: 'cp1' }, {});

describe('what is to be done after files were replaced', () => {
  test('is known of every argument that takes the file of a leaf or a kubeconfig, once', () => {
    const wanted = ROWS.filter(({ kind }) => kind === 'certificate' || kind === 'kubeconfig').flatMap((row) =>
      row.arguments
        .filter(({ takes }) => takes === 'certificate' || takes === 'key' || takes === 'file')
        .map(({ component, flag }) => `${component} ${flag}`),
    );
    const known = RELOADS.flatMap(({ component, flags }) => flags.map((flag) => `${component} ${flag}`));
    expect(known.toSorted()).toEqual([...new Set(wanted)].toSorted());
  });

  test('names each file with whoever reads it, a server before those that call it', () => {
    const replaced = resolveRows(spec)
      .filter(({ kind }) => kind === 'certificate' || kind === 'kubeconfig')
      .flatMap(({ files }) => files.map(({ path }) => path));
    const { steps, copies } = resolveReload(spec, replaced);
    expect(steps.map(({ component }) => component).slice(0, 2)).toEqual(['etcd', 'kube-apiserver']);
    expect(new Set([...steps.flatMap(({ files }) => files), ...copies])).toEqual(new Set(replaced));
    expect(copies).toEqual(['admin.conf']);
  });

  test('is nothing of what was not replaced', () => {
    expect(resolveReload(spec, ['pki/etcd/peer.key'])).toMatchObject({
      steps: [{ component: 'etcd', flags: ['--peer-key-file'], files: ['pki/etcd/peer.key'] }],
      copies: [],
    });
  });
});
