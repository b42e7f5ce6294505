import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE, run } from './shapes.ts';
import { withDirectory } from './tree.ts';

const HOST = ['--host-ip', '192.0.2.10', '--hostname', 'cp1', '--key-algorithm', 'ECDSA-P256'];
/** An empty SEQUENCE. */
const UNREADABLE = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n';
const INIT = ['init', ...HOST, '--cert-dir', 'out/pki'];

interface Coverage {
  readonly result: readonly { readonly url: string }[];
}

/** The files of the package that a run on Node loads: V8 keeps account of them. */
async function loadedBy(args: readonly string[], cwd: string): Promise<ReadonlySet<string>> {
  const folder = join(cwd, `coverage-${readdirSync(cwd).length}`);
  await run(NODE, args, { cwd, env: { NODE_V8_COVERAGE: folder } });
  const reports = readdirSync(folder).map(
    (name): Coverage => JSON.parse(readFileSync(join(folder, name), 'utf8')),
  );
  const urls = reports.flatMap(({ result }) => result.map(({ url }) => url));
  return new Set(urls.filter((url) => url.startsWith('file:')));
}

describe('what is loaded', () => {
  test('is the same for a PKI that is there as for a new one, and more for certificates that are not ours', async () => {
    await withDirectory(async (cwd) => {
      const first = await loadedBy(INIT, cwd);
      expect(first.size).toBeGreaterThan(1);
      expect(await loadedBy(INIT, cwd)).toEqual(first);
      writeFileSync(join(cwd, 'out/pki/apiserver.crt'), UNREADABLE);
      expect((await loadedBy(INIT, cwd)).size).toBeGreaterThan(first.size);
    });
  });

  test('is little for help and for mistakes', async () => {
    await withDirectory(async (cwd) => {
      const help = await loadedBy(['--help'], cwd);
      expect(await loadedBy(['init', '--frob'], cwd)).toEqual(help);
      expect((await loadedBy([...INIT, '--dry-run'], cwd)).size).toBeGreaterThan(help.size);
    });
  });
});
