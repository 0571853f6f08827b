import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { Failure } from '../../core/failure.ts';
import { isWithin } from '../is-within.ts';

/** Far more than a Redis Cluster needs, and little enough to read. */
const MOST_FILES = 200;
const MOST_BYTES = 1_000_000;

export interface ManifestFile {
  /** Relative to the workspace. */
  readonly path: string;
  readonly text: string;
}

/**
 * The file, or the `.yaml`, `.yml` and `.json` files directly in the folder, by name.
 * Throws Failure `invalid-manifests`, also where a path or symbolic link leads out of the workspace: it would show files
 * of the runner in a plan.
 */
export async function readManifestFiles(workspace: string, path: string): Promise<readonly ManifestFile[]> {
  const root = await realpath(workspace);
  const target = await resolved(root, path, path);
  const isFolder = (await stat(target)).isDirectory();
  const names = isFolder ? (await readdir(target)).filter((name) => /\.(ya?ml|json)$/.test(name)).toSorted() : null;
  if (names?.length === 0) throw unreadable(path, 'the folder holds no .yaml, .yml or .json file');
  if (names !== null && names.length > MOST_FILES) {
    throw unreadable(path, `the folder holds ${names.length} files, and at most ${MOST_FILES} are read`);
  }
  const paths = names === null ? [target] : names.map((name) => join(target, name));
  return Promise.all(paths.map((file) => readOne(root, file, path)));
}

async function readOne(root: string, file: string, declared: string): Promise<ManifestFile> {
  const target = await resolved(root, file, declared);
  const shown = relative(root, file);
  const { size } = await stat(target);
  if (size > MOST_BYTES) {
    throw unreadable(declared, `${shown} has ${size} bytes, and at most ${MOST_BYTES} are read`);
  }
  return { path: shown, text: await readFile(target, 'utf8') };
}

/** Where the path leads in the end. */
async function resolved(root: string, path: string, declared: string): Promise<string> {
  const target = await realpath(resolve(root, path)).catch((thrown: unknown) => {
    throw unreadable(declared, `there is no file or folder "${relative(root, resolve(root, path))}"`, thrown);
  });
  if (!isWithin(root, target)) throw unreadable(declared, 'the path leads out of the workspace');
  return target;
}

function unreadable(path: string, why: string, cause?: unknown): Failure {
  return new Failure('invalid-manifests', `Cannot read the manifests at "${path}": ${why}.`, {
    remedy: 'Correct `kubernetes.manifests` in the topology: a file or folder relative to the workspace.',
    cause,
  });
}
