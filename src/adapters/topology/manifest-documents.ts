import { type Document, LineCounter, parseAllDocuments, type Tags } from 'yaml';
import { z } from 'zod';
import type { ManifestResource } from '../../core/cluster.ts';
import type { ManifestFile } from './manifest-files.ts';

/** How often aliases may be followed in one document: enough for anchors, too little for a bomb. */
const MOST_ALIASES = 100;
const MOST_DOCUMENTS = 1_000;

/** A resource marked so is for people to apply by hand: the rights that the action itself runs under. */
const NEVER_APPLIED = 'redis-cluster-topology/apply';

const RESOURCE = z.looseObject({
  apiVersion: z.string().regex(/^([a-z0-9.-]+\/)?v[a-z0-9]+$/),
  kind: z.string().regex(/^[A-Z]\w*$/),
  metadata: z.looseObject({
    name: z.string().regex(/^[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$/),
    namespace: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
      .optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});

const LIST = z.looseObject({ kind: z.string().endsWith('List'), items: z.array(z.unknown()) });

/**
 * Manifests are written for kubectl, which reads YAML 1.1: `defaultMode: 0755` is octal, and `yes` is true. Of 1.1 it
 * leaves out times and numbers to the base 60 (sigs.k8s.io/yaml): 22:30 stays text.
 */
const LIKE_KUBECTL = {
  version: '1.1',
  customTags: (tags: Tags): Tags =>
    tags.filter(
      (tag) => typeof tag === 'string' || (tag.tag !== 'tag:yaml.org,2002:timestamp' && formatOf(tag) !== 'TIME'),
    ),
} as const;

function formatOf(tag: Exclude<Tags[number], string>): string {
  return 'format' in tag ? (tag.format ?? '') : '';
}

export interface Split {
  readonly resources: readonly ManifestResource[];
  /** `manifests/a.yaml:12: …` */
  readonly mistakes: readonly string[];
}

/** The resources of all documents of all files. A JSON file is YAML, too; lists are taken apart. */
export function splitDocuments(files: readonly ManifestFile[]): Split {
  return merged(files.map(splitFile));
}

function splitFile({ path, text }: ManifestFile): Split {
  const lines = new LineCounter();
  // "Pretty" errors quote the line, which may be that of a Secret.
  const reading = { ...LIKE_KUBECTL, lineCounter: lines, prettyErrors: false };
  const documents = [...parseAllDocuments(text, reading)];
  if (documents.length > MOST_DOCUMENTS) return mistake(path, `more than ${MOST_DOCUMENTS} documents`);
  return merged(
    documents.map((document) => {
      const offset = document.errors[0]?.pos[0] ?? document.contents?.range?.[0] ?? document.range[0];
      return splitDocument(document, `${path}:${lines.linePos(offset).line}`);
    }),
  );
}

function splitDocument(document: Document, place: string): Split {
  const [error] = document.errors;
  if (error !== undefined) return mistake(place, error.message);
  try {
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    return resourcesOf(value, place);
  } catch (thrown) {
    return mistake(place, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function merged(parts: readonly Split[]): Split {
  return { resources: parts.flatMap((part) => part.resources), mistakes: parts.flatMap((part) => part.mistakes) };
}

function resourcesOf(value: unknown, place: string): Split {
  if (value === null || value === undefined) return { resources: [], mistakes: [] };
  const list = LIST.safeParse(value);
  if (list.success) {
    return merged(list.data.items.map((item) => resourcesOf(item, place)));
  }
  const read = RESOURCE.safeParse(value);
  if (!read.success)
    return { resources: [], mistakes: read.error.issues.map((issue) => `${place}: ${wordsOf(issue)}`) };
  const { apiVersion, kind, metadata } = read.data;
  if (metadata.annotations?.[NEVER_APPLIED] === 'never') return { resources: [], mistakes: [] };
  if (apiVersion.startsWith('kustomize.config.k8s.io/')) {
    return mistake(place, 'a Kustomization is not applied by itself: give what `kubectl kustomize` prints');
  }
  const namespace = metadata.namespace ?? null;
  return { resources: [{ apiVersion, kind, name: metadata.name, namespace, document: read.data }], mistakes: [] };
}

function wordsOf(issue: z.core.$ZodIssue): string {
  const where = issue.path.join('.');
  return where === '' ? 'this is no Kubernetes resource' : `${where} is missing or not of its form`;
}

function mistake(place: string, words: string): Split {
  return { resources: [], mistakes: [`${place}: ${words}`] };
}
