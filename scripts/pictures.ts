import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { argv, env, stderr } from 'node:process';
import { pathToFileURL } from 'node:url';

/**
 * Draws comments as GitHub shows them, light and dark:
 *
 *   PICTURE_TOOLS=FOLDER [CHROMIUM=/usr/bin/chromium] node scripts/pictures.ts FILE.md NAME [FILE.md NAME …]
 *
 * writes docs/images/NAME-light.png and NAME-dark.png (PICTURES=FOLDER: there instead). Those of the docs are of a real run:
 *
 *   COMMENTS=build npm start
 *   PICTURE_TOOLS=FOLDER node scripts/pictures.ts build/plan-comment.md plan-comment build/applied-comment.md applied-comment
 *
 * FOLDER is where
 * `npm install puppeteer-core@24.43.1 marked@18.2.1 marked-alert@2.1.2 github-markdown-css@5.9.0` was run: these are for
 * this script alone, so they are no dependencies of the project.
 */
const tools = env['PICTURE_TOOLS'];
const chromium = env['CHROMIUM'] ?? '/usr/bin/chromium';
const target = resolve(env['PICTURES'] ?? 'docs/images');

interface Page {
  setViewport(size: { width: number; height: number; deviceScaleFactor: number }): Promise<void>;
  setContent(html: string): Promise<void>;
  screenshot(options: { path: string; fullPage: true }): Promise<unknown>;
}
interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}
interface Markdown {
  use(extension: unknown): Markdown;
  parse(text: string): string;
}
/** What this script takes of the packages in PICTURE_TOOLS. */
interface Tools {
  readonly launch: (options: { executablePath: string; args: readonly string[] }) => Promise<Browser>;
  readonly markdown: Markdown;
  readonly css: { readonly light: string; readonly dark: string };
}

async function main(): Promise<void> {
  const [, , ...pairs] = argv;
  if (tools === undefined || pairs.length === 0 || pairs.length % 2 === 1) {
    stderr.write('Usage: PICTURE_TOOLS=FOLDER node scripts/pictures.ts FILE.md NAME [FILE.md NAME …]\n');
    process.exitCode = 2;
    return;
  }
  const { launch, markdown, css } = await load(tools);
  await mkdir(target, { recursive: true });
  const browser = await launch({ executablePath: chromium, args: ['--no-sandbox'] });
  try {
    for (let i = 0; i < pairs.length; i += 2) {
      const html = markdown.parse(await readFile(pairs[i] ?? '', 'utf8'));
      await draw(browser, framed(html, css.light, 'light'), join(target, `${pairs[i + 1]}-light.png`));
      await draw(browser, framed(html, css.dark, 'dark'), join(target, `${pairs[i + 1]}-dark.png`));
    }
  } finally {
    await browser.close();
  }
}

async function draw(browser: Browser, html: string, path: string): Promise<void> {
  const page = await browser.newPage();
  await page.setViewport({ width: 900, height: 200, deviceScaleFactor: 1.5 });
  await page.setContent(html);
  await page.screenshot({ path, fullPage: true });
  stderr.write(`${path}\n`);
}

/** The box that GitHub draws around a comment. */
function framed(html: string, css: string, theme: 'light' | 'dark'): string {
  const [page, edge] = theme === 'light' ? ['#ffffff', '#d1d9e0'] : ['#0d1117', '#3d444d'];
  const box = `border: 1px solid ${edge}; border-radius: 6px; padding: 16px; background: ${page}; font-size: 14px`;
  return `<!doctype html><meta charset="utf-8"><style>${css}
    body { margin: 0; padding: 12px; background: ${page} }
    .markdown-body code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace }
  </style><article class="markdown-body" style="${box}">${html}</article>`;
}

async function load(folder: string): Promise<Tools> {
  const from = createRequire(pathToFileURL(join(resolve(folder), 'package.json')));
  const bring = (name: string): Promise<Record<string, unknown>> => import(pathToFileURL(from.resolve(name)).href);
  const css = (theme: string): Promise<string> =>
    readFile(from.resolve(`github-markdown-css/github-markdown-${theme}.css`), 'utf8');
  const { Marked } = await bring('marked');
  const alert = (await bring('marked-alert'))['default'];
  const puppeteer = await bring('puppeteer-core');
  const launch = puppeteer['launch'];
  if (!isMaker(Marked) || !isFunction(alert) || !isLauncher(launch)) {
    throw new TypeError(`The packages in ${folder} are not of the versions that this script knows.`);
  }
  return {
    launch,
    markdown: new Marked().use(alert()),
    css: { light: await css('light'), dark: await css('dark') },
  };
}

function isMaker(value: unknown): value is new () => Markdown {
  return typeof value === 'function';
}
function isFunction(value: unknown): value is () => unknown {
  return typeof value === 'function';
}
function isLauncher(value: unknown): value is Tools['launch'] {
  return typeof value === 'function';
}

await main();
