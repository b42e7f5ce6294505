import { describe, expect, test } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isOnPath, oracle } from '../support/oracles.ts';
import { NODE, run, type Shape, SHAPES } from './shapes.ts';
import { treeOf, withDirectory } from './tree.ts';

const INIT = ['init', '--host-ip', '192.0.2.10', '--hostname', 'cp1', '--cert-dir', 'out/pki'];

// Only Node takes a module to load first; that both shapes read the clock by the same lines the transcripts show.
const EARLY = `const Real = Date;
globalThis.Date = class extends Real {
  constructor(...args) {
    super(...(args.length === 0 ? ['2001-09-09T01:46:40Z'] : args));
  }
};
`;

describe('a clock that shows a time before this release', () => {
  test('is refused, and the error says which flag overrides that', async () => {
    await withDirectory(async (cwd) => {
      writeFileSync(join(cwd, 'early.mjs'), EARLY);
      const [node, ...rest] = NODE.command;
      const shape: Shape = { name: 'early', command: [node, '--import', join(cwd, 'early.mjs'), ...rest] };
      const before = treeOf(cwd);
      const refused = await run(shape, INIT, { cwd });
      expect(refused).toMatchObject({ status: 3, stdout: '' });
      expect(refused.stderr).toContain(
        'error: the clock shows 2001-09-09T01:46:40.000Z, a time before this release',
      );
      expect(refused.stderr).toMatch(/^ {2}hint: .*--allow-early-clock/m);
      expect(treeOf(cwd)).toEqual(before);

      const allowed = await run(shape, [...INIT, '--key-algorithm', 'ECDSA-P256', '--allow-early-clock'], {
        cwd,
      });
      expect(allowed).toMatchObject({ status: 0, stderr: '' });
      expect(allowed.stdout).toContain('expires on 2002-09-09');
    });
  });
});

/** A shape whose clock is that of libfaketime. */
const at = (clock: string, { name, command }: Shape): Shape => ({
  name,
  command: [
    '/usr/bin/env',
    'PATH=/usr/bin:/bin',
    'TZ=UTC',
    'FAKETIME_DONT_FAKE_MONOTONIC=1',
    'faketime',
    '-m',
    '-f',
    clock,
    ...command,
  ],
});

oracle(
  'libfaketime',
  isOnPath('faketime'),
  'faketime is not on the PATH',
)('a clock that jumps', () => {
  const RENEW = ['certs', 'renew', 'all', '--cert-dir', 'out/pki'];
  const IN_2030 = '@2030-01-01 12:00:00';

  /** Works in a folder that holds a PKI of now in `out`. */
  const withPki = (work: (cwd: string) => Promise<void>): Promise<void> =>
    withDirectory(async (cwd) => {
      const init = await run(NODE, [...INIT, '--key-algorithm', 'ECDSA-P256'], { cwd });
      expect(init).toMatchObject({ status: 0, stderr: '' });
      await work(cwd);
    });
  const textOf = (cwd: string, path: string): string => readFileSync(join(cwd, 'out', path), 'utf8');

  test.each(SHAPES)('to before this release lets $name renew nothing', async (shape) => {
    await withPki(async (cwd) => {
      const before = treeOf(cwd);
      const early = at('@2001-09-09 01:46:40', shape);
      const refused = await run(early, RENEW, { cwd });
      expect(refused).toMatchObject({ status: 3, stdout: '' });
      expect(refused.stderr).toContain('error: the clock shows 2001-09-09T01:46:4');
      // What the CA would sign then would be valid before the CA is.
      const { status, stdout, stderr } = await run(early, [...RENEW, '--allow-early-clock'], { cwd });
      expect(status).toBe(1);
      expect(stdout).toContain('nothing was changed; 10 could not be renewed');
      expect(stderr).toContain('its CA, ca, cannot sign: pki/ca.crt is not valid yet');
      expect(treeOf(cwd)).toEqual(before);
    });
  });

  test.each(SHAPES)('ahead and back has $name renew what is not valid yet, by a timer', async (shape) => {
    await withPki(async (cwd) => {
      const good = textOf(cwd, 'pki/apiserver.crt');
      expect(await run(at(IN_2030, shape), RENEW, { cwd })).toMatchObject({ status: 0 });
      const ahead = textOf(cwd, 'pki/apiserver.crt');
      expect(new X509Certificate(ahead).validFrom).toMatch(/^Jan +1 11:55:0\d 2030 GMT$/);

      const timer = [...RENEW, '--if-expiring', '30d', '--keep', '1'];
      const back = await run(shape, timer, { cwd });
      expect(back).toMatchObject({ status: 0, stderr: '' });
      expect(back.stdout).toContain('10 certificates renewed');
      const now = new X509Certificate(textOf(cwd, 'pki/apiserver.crt'));
      expect(Date.parse(now.validFrom)).toBeLessThan(Date.now());
      expect(now.serialNumber).not.toBe(new X509Certificate(good).serialNumber);
      // The newest snapshot is the last that was taken, whatever the clock said then, and it is the one that stays.
      expect(await run(shape, ['rollback', '--cert-dir', 'out/pki'], { cwd })).toMatchObject({ status: 0 });
      expect(textOf(cwd, 'pki/apiserver.crt')).toBe(ahead);
    });
  });

  test.each(SHAPES)('at every look dates all that $name renews alike', async (shape) => {
    await withPki(async (cwd) => {
      // A second more each time that anybody asks.
      const jumping = await run(at(`${IN_2030} i1`, shape), RENEW, { cwd });
      expect(jumping).toMatchObject({ status: 0, stderr: '' });
      const paths = ['apiserver', 'front-proxy-client', 'etcd/server', 'apiserver-etcd-client'];
      const ends = paths.map((path) => new X509Certificate(textOf(cwd, `pki/${path}.crt`)).validTo);
      expect(new Set(ends).size).toBe(1);
    });
  });
});
