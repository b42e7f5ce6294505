import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyHtml } from '../../src/report/html.ts';
import type { VerifyReport } from '../../src/report/verify.ts';
import { type Browser, type Page, startBrowser } from '../support/browser.ts';
import { isOnPath, oracle } from '../support/oracles.ts';
import { filesOf, HOSTILE, hostileReport, reportOn } from './audited.ts';

const pageOf = async (report: VerifyReport): Promise<string> => (await verifyHtml(report)).join('\n');

/** The role and the name of everything on a page, as a screen reader has them. */
async function partsOf(page: Page): Promise<readonly string[]> {
  type Text = { readonly value: string };
  const { nodes } = await page.send<{
    readonly nodes: readonly { readonly ignored: boolean; readonly role: Text; readonly name?: Text }[];
  }>('Accessibility.getFullAXTree');
  return nodes.filter(({ ignored }) => !ignored).map(({ role, name }) => `${role.value} ${name?.value}`);
}

let hostile: string;
beforeAll(async () => {
  hostile = await pageOf(await hostileReport());
});

describe('the page', () => {
  test('allows its own style and script alone', () => {
    const sources = [...hostile.matchAll(/<(?:script|style)>([^]*?)<\/(?:script|style)>/g)].map(
      ([, text = '']) => `&#39;sha256-${createHash('sha256').update(text).digest('base64')}&#39;`,
    );
    expect(hostile).toContain(
      `content="default-src &#39;none&#39;; style-src ${sources[0]}; script-src ${sources[1]}; base-uri &#39;none&#39;; form-action &#39;none&#39;"`,
    );
    expect(sources).toHaveLength(2);
  });

  test('asks for nothing from outside', () => {
    expect(hostile).not.toMatch(
      /https?:|url\(|@import|<(?:link|img|iframe|object|base)\b|\b(?:src|href|style|on\w+)="/,
    );
  });

  test('has no filter, and no script, where there is nothing to filter', async () => {
    const clean = await pageOf(await reportOn(await filesOf()));
    expect(clean).toContain('Nothing was found');
    expect(clean).not.toMatch(/<form|<script/);
  });
});

oracle(
  'chromium',
  isOnPath('chromium'),
  'chromium is not on the PATH',
)('the page', () => {
  let browser: Browser;
  let directory: string;
  let path: string;
  beforeAll(() => {
    browser = startBrowser();
    directory = mkdtempSync(join(tmpdir(), 'k8s-pki-page-'));
    path = join(directory, 'report.html');
    writeFileSync(path, hostile);
  });
  afterAll(async () => {
    await browser.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('runs nothing that a certificate or a path says, shows it, and asks nobody for anything', async () => {
    const page = await browser.open(path);
    expect(await page.evaluate('document.title')).toBe(
      `PKI of ${HOSTILE.directory}/pki and ${HOSTILE.directory}`,
    );
    expect(await page.evaluate('document.scripts.length')).toBe(1);
    expect(
      await page.evaluate(
        `document.querySelectorAll('main :is(img, b > *, svg:not([aria-hidden] svg, [aria-hidden]))').length`,
      ),
    ).toBe(0);
    const shown = String(await page.evaluate('document.body.innerText'));
    for (const text of [HOSTILE.commonName, HOSTILE.file, '\\u001b[31m\\u202e'])
      expect(shown).toContain(text);
    expect(page.reported('Network.requestWillBeSent')).toHaveLength(1);
    expect(page.reported('Log.entryAdded')).toEqual([]);
    expect(page.reported('Runtime.exceptionThrown')).toEqual([]);
  });

  test('lets nothing run or load that is put into it', async () => {
    const stained = join(directory, 'stained.html');
    writeFileSync(
      stained,
      hostile.replace(
        '<main>',
        `<main><script>document.title='run'</script><img src="x" onerror="document.title='run'"><i style="color:red"></i>`,
      ),
    );
    const page = await browser.open(stained);
    expect(await page.evaluate('document.title')).not.toBe('run');
    expect(page.reported('Log.entryAdded').length).toBeGreaterThan(2);
    expect(page.reported('Network.loadingFailed')).toEqual([
      expect.objectContaining({ blockedReason: 'csp' }),
    ]);
  });

  test('shows the findings of the severities and with the words that are asked for', async () => {
    const page = await browser.open(path);
    const visible = (): Promise<readonly string[]> =>
      page.evaluate(
        `[...document.querySelectorAll('.finding')].filter((one) => one.checkVisibility()).map((one) => one.dataset.severity)`,
      );
    const all = await visible();
    expect(new Set(all)).toEqual(new Set(['error', 'notice', 'warning']));
    await page.evaluate(`document.querySelector('input[name=notice]').click()`);
    expect(await visible()).toEqual(all.filter((severity) => severity !== 'notice'));
    await page.evaluate(`document.querySelector('input[name=words]').focus()`);
    await page.send('Input.insertText', { text: 'COMMON-name  front' });
    expect(await visible()).toEqual(['error']);
    expect(await page.evaluate(`document.querySelector('output').value`)).toBe(`1 of ${all.length}`);
    // A field that is sent would load the page again.
    await page.send('Input.dispatchKeyEvent', {
      type: 'keyDown',
      key: 'Enter',
      code: 'Enter',
      windowsVirtualKeyCode: 13,
      text: '\r',
    });
    expect(await visible()).toEqual(['error']);
  });

  test('has all of it to read where no script runs, and no filter', async () => {
    const page = await browser.open(path, { 'Emulation.setScriptExecutionDisabled': { value: true } });
    const seen = (await partsOf(page)).join('\n');
    for (const text of ['StaticText common-name · ', 'StaticText file-unknown', 'region Who signed whom'])
      expect(seen).toContain(text);
    expect(seen).not.toContain('searchbox');
  });

  test('names its parts and its fields to those who do not see it', async () => {
    const page = await browser.open(path);
    expect(await partsOf(page)).toEqual(
      expect.arrayContaining([
        'main ',
        'heading Audit of a Kubernetes PKI',
        'region Findings',
        'region What ends when',
        'region Who signed whom',
        'region Who holds power',
        'searchbox Show findings with these words',
        'checkbox error',
        'columnheader credential',
      ]),
    );
  });

  test.each([1280, 390, 320])('is no wider than a window of %s pixels', async (width) => {
    const page = await browser.open(path, {
      'Emulation.setDeviceMetricsOverride': { width, height: 800, deviceScaleFactor: 1, mobile: width < 600 },
    });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    const widest = `Math.max(...[...document.querySelectorAll('main *')].map((one) => one.getBoundingClientRect().right))`;
    expect(await page.evaluate(widest)).toBeLessThanOrEqual(width);
  });

  /** The least contrast of any text on the page with what is behind it (WCAG 2.2, 1.4.3). */
  const CONTRAST = `(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const luminance = (colour) => {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => v / 255 <= .04045 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4);
      return .2126 * r + .7152 * g + .0722 * b;
    };
    const behind = (one) => one === null ? 'white' : getComputedStyle(one).backgroundColor === 'rgba(0, 0, 0, 0)' ? behind(one.parentElement) : getComputedStyle(one).backgroundColor;
    return Math.min(...[...document.querySelectorAll('body *')].filter((one) => one.checkVisibility() && one.innerText).map((one) => {
      const [dark, light] = [luminance(getComputedStyle(one).color), luminance(behind(one))].sort((a, b) => a - b);
      return (light + .05) / (dark + .05);
    }));
  })()`;

  test.each([
    ['light', 'screen', 'rgb(246, 247, 249)'],
    ['dark', 'screen', 'rgb(20, 23, 27)'],
    ['light', 'print', 'rgb(255, 255, 255)'],
    ['dark', 'print', 'rgb(255, 255, 255)'],
  ])('can be read in the %s, on %s', async (scheme, media, background) => {
    const features = [{ name: 'prefers-color-scheme', value: scheme }];
    const page = await browser.open(path, { 'Emulation.setEmulatedMedia': { media, features } });
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(background);
    expect(await page.evaluate(CONTRAST)).toBeGreaterThan(4.5);
    expect(await page.evaluate(`document.querySelector('form').checkVisibility()`)).toBe(media === 'screen');
  });
});
