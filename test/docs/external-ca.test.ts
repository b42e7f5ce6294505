import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { NODE, run } from '../cli/shapes.ts';
import { withDirectory } from '../cli/tree.ts';
import { opensslOracle } from '../x509/openssl.ts';

const PAGE = readFileSync(resolve(__dirname, '../../docs/external-ca.md'), 'utf8');
const BLOCKS = [...PAGE.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);

opensslOracle('docs/external-ca.md', () => {
  test('says what can be typed, and each way of signing gives what can be imported', async () => {
    expect(BLOCKS).toHaveLength(6);
    await withDirectory(async (cwd) => {
      const authority = '--host-ip 192.0.2.99 --hostname authority --cert-dir ca/pki';
      await run(NODE, ['init', ...authority.split(' '), '--key-algorithm', 'ECDSA-P256'], { cwd });
      mkdirSync(join(cwd, 'bin'));
      const [node, program] = NODE.command;
      writeFileSync(join(cwd, 'bin/k8s-pki'), `#!/bin/sh\nexec "${node}" "${program}" "$@"\n`);
      chmodSync(join(cwd, 'bin/k8s-pki'), 0o755);
      const env = { PATH: `${join(cwd, 'bin')}:${process.env['PATH'] ?? ''}`, HOME: cwd };
      const type = (script: string): string => {
        const { status, stdout, stderr } = spawnSync('sh', ['-e', '-c', script], {
          cwd,
          env,
          encoding: 'utf8',
        });
        expect({ script, status, stderr: status === 0 ? '' : stderr }).toEqual({
          script,
          status: 0,
          stderr: '',
        });
        return stdout;
      };
      const [ask = '', sign = '', x509 = '', ca = '', take = '', rest = ''] = BLOCKS;
      type(ask);
      cpSync(join(cwd, 'cp1'), join(cwd, 'before'), { recursive: true });
      expect(type(sign)).toContain('12 certificates signed');
      type(x509);
      type(ca);
      expect(type(take)).toContain('15 certificates installed');
      expect(type(rest)).toMatch(/something is missing[^]*all 16 are there and as they should be\n$/);
      const others = [
        ['by-openssl', 14],
        ['by-openssl-ca', 4],
      ] as const;
      for (const [directory, count] of others) {
        const into = take
          .replace('import signed', `import --dry-run ${directory}`)
          .replace('cp1/pki', 'before/pki');
        expect(type(into)).toContain(`${count} certificates would be installed`);
      }
    });
  }, 60_000);
});
