/**
 * The rules of the house that a tool can hold, beside those of turbo (imports between packages), dependency-cruiser (imports inside
 * them), knip (unused code) and oxlint (code). A rule looks at a tree of files and says what breaks it, a line each.
 */

export interface Tree {
  /** Paths of all files, relative to the root, with `/`. */
  readonly files: readonly string[];
  readonly read: (path: string) => string;
  readonly bytes: (path: string) => number;
}

export interface Rule {
  readonly name: string;
  readonly why: string;
  readonly violations: (tree: Tree) => string[];
}

const MAXIMUM_LINES = 500;
const MAXIMUM_TASK_LINES = 300;
const MAXIMUM_FIXTURE_BYTES = 5 * 1024 * 1024;
const DUMPING_GROUND = /^(utils?|helpers?|common|misc|shared|lib|types)$/;

const source = (path: string) => /^(packages|tooling|apps)\/.*\.ts$/.test(path);
const test = (path: string) => /\.test(-d)?\.ts$/.test(path);
const matching = (tree: Tree, pattern: RegExp) =>
  tree.files.flatMap((path) => {
    const match = pattern.exec(path);
    return match === null ? [] : [{ path, match }];
  });

/** Folders `<root>/<name>/` that lack `<name>.ts` or its test. */
function incomplete(tree: Tree, kind: 'models' | 'datasets'): string[] {
  const folders = new Set(
    matching(tree, new RegExp(`^(?:packages|apps)/[^/]+/src/${kind}/[^/]+/`)).map(({ match }) => match[0]),
  );
  return [...folders].flatMap((folder) => {
    const name = folder.split('/').at(-2)!;
    return [`${folder}${name}.ts`, `${folder}${name}.test.ts`].filter((path) => !tree.files.includes(path));
  });
}

const READERS_PAGE = 'CONTRIBUTING.md';
/** What takes bytes of other people apart: JSON, archives, binary numbers, XML, mails. */
const TAKES_APART =
  /JSON\.parse\(|new DataView\(|new DecompressionStream\(|from '(tar|yauzl|nanotar|node:zlib|xz-decompress|fast-xml-parser|postal-mime|@huggingface\/tokenizers)'/;
const DATASET_READER = /^export (async )?function\*? (read|parse)[A-Z]/m;

/** Files and folders that the page names among the readers. */
function namedReaders(tree: Tree): string[] {
  if (!tree.files.includes(READERS_PAGE)) return [];
  const section = /^## Readers of foreign bytes\n([^]*?)(?=^## |$(?![^]))/m.exec(tree.read(READERS_PAGE))?.[1] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.flatMap((row) =>
    Array.from(row.matchAll(/`([\w-]+\/src\/[\w./-]+)`/g), ([, path]) => `packages/${path}`),
  );
}

export const RULES: readonly Rule[] = [
  {
    name: 'every package and app has the same inside',
    why: 'A reader who knows one package knows all.',
    violations: (tree) =>
      matching(tree, /^(packages|apps)\/([^/]+)\/package\.json$/).flatMap(({ match: [, root, name] }) =>
        ['README.md', 'tsconfig.json', 'turbo.json', ...(root === 'packages' ? ['src/index.ts'] : [])]
          .map((file) => `${root}/${name}/${file}`)
          .filter((path) => !tree.files.includes(path))
          .map((path) => `${path} is missing`),
      ),
  },
  {
    name: 'every package and app extends tsconfig.base.json',
    why: 'What the compiler accepts is decided in one place.',
    violations: (tree) =>
      matching(tree, /^(?:packages|apps)\/[^/]+\/(examples\/)?tsconfig\.json$/).flatMap(({ path, match }) => {
        const base = `${match[1] === undefined ? '' : '../'}../../tsconfig.base.json`;
        return tree.read(path).includes(`"extends": "${base}"`) ? [] : [`${path} does not extend ${base}`];
      }),
  },
  {
    name: 'no dumping grounds',
    why: 'A name that says nothing is a sign that a thing has no room yet.',
    violations: (tree) =>
      tree.files.filter(source).filter((path) =>
        path
          .replace(/\.(test\.)?ts$/, '')
          .split('/')
          .some((part) => DUMPING_GROUND.test(part)),
      ),
  },
  {
    name: 'a model or dataset is a folder with a file of its name and its test',
    why: 'Anything is found in two guesses.',
    violations: (tree) =>
      [...incomplete(tree, 'models'), ...incomplete(tree, 'datasets')].map((path) => `${path} is missing`),
  },
  {
    name: 'a test stands beside its source',
    why: 'x.test.ts tests x.ts or the whole folder x/, and x.topic.test.ts one side of it; a test without a subject is lost.',
    violations: (tree) =>
      matching(tree, /^((?:packages|apps)\/[^/]+\/src\/.*\/)([^/.]+)((?:\.[a-z0-9-]+)*)\.test\.ts$/).flatMap(
        ({ path, match }) => {
          const [, folder, name, topic] = match;
          const subjects = [`${folder}${name}.ts`, `${folder}${name}${topic}.ts`];
          const found = folder.endsWith(`/${name}/`) || subjects.some((subject) => tree.files.includes(subject));
          return found ? [] : [`${path} has no ${subjects[0]} beside it`];
        },
      ),
  },
  {
    name: 'a task is a folder with a file of its name, short, and held to the contract',
    why: 'What all tasks share stands in @heed/tasks; who knows one task knows all.',
    violations: (tree) =>
      tree.files
        .filter((path) => /^packages\/[^/]+\/src\//.test(path) && !/\.(test|test-support)\.ts$/.test(path))
        .flatMap((path) => {
          const text = tree.read(path);
          const name = /^export class (\w+) extends Task</m.exec(text)?.[1];
          if (name === undefined) return [];
          const place = /^packages\/[^/]+\/src\/tasks\/([^/]+)\/\1\.ts$/.test(path);
          const lines = text.split('\n').length;
          const tests = tree.files.filter(
            (file) => file.startsWith(path.replace(/[^/]+$/, '')) && file.endsWith('.test.ts'),
          );
          return [
            ...(place ? [] : [`${path}: ${name} must stand in tasks/<task>/<task>.ts`]),
            ...(lines > MAXIMUM_TASK_LINES ? [`${path}: ${lines} lines, at most ${MAXIMUM_TASK_LINES}`] : []),
            ...(tests.some((file) => tree.read(file).includes(`describeTaskContract('${name}'`))
              ? []
              : [`${path}: no test beside it calls describeTaskContract('${name}'`]),
          ];
        }),
  },
  {
    name: 'a Module stands in models or layers',
    why: 'A task computes nothing that a model could; every model is held to its contract.',
    violations: (tree) =>
      tree.files
        .filter((path) => /^packages\/[^/]+\/src\/tasks\/.*(?<!\.test-support|\.test)\.ts$/.test(path))
        .filter(
          (path) =>
            !path.startsWith('packages/tasks/') && /^(export )?class \w+ extends Module\b/m.test(tree.read(path)),
        ),
  },
  {
    name: 'texts are taken as Python takes them',
    why: "Tokenizers are made by exactTokenizer, and metrics lower, split and strip by tasks' unicode.ts: JavaScript's own differ.",
    violations: (tree) =>
      matching(tree, /^packages\/[^/]+\/src\/.*\.ts$/)
        .map(({ path }) => path)
        .filter((path) => !test(path) && !path.endsWith('/tokenization/exact-tokenizer.ts'))
        .filter((path) => {
          const own = /\/src\/metrics\//.test(path)
            ? /new Tokenizer\(|\.toLowerCase\(|\.trim\(|\\[sSwWbB]/
            : /new Tokenizer\(/;
          return own.test(tree.read(path));
        }),
  },
  {
    name: 'index.ts holds named re-exports only',
    why: 'The public surface is what was meant, and is read in one place.',
    violations: (tree) =>
      tree.files
        .filter((path) => /^packages\/[^/]+\/src\/index\.ts$/.test(path))
        .flatMap((path) => {
          const rest = tree
            .read(path)
            .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
            .replace(/export\s+(type\s+)?\{[^}]*\}\s+from\s+'[^']+';|import\s+'[^']+';/g, '')
            .trim();
          return rest === '' ? [] : [`${path}: ${rest.split('\n')[0]}`];
        }),
  },
  {
    name: `no source is longer than ${MAXIMUM_LINES} lines`,
    why: 'Past that, a part wants a room of its own.',
    violations: (tree) =>
      tree.files
        .filter((path) => source(path) && !test(path))
        .flatMap((path) => {
          const lines = tree.read(path).split('\n').length;
          return lines > MAXIMUM_LINES ? [`${path}: ${lines} lines`] : [];
        }),
  },
  {
    name: 'examples and ledger entries are complete',
    why: 'Every example is listed with what it does and takes; every figure names the entry that measured it.',
    violations: (tree) => [
      ...matching(tree, /^packages\/[^/]+\/examples\/[^/]+\.ts$/).flatMap(({ path }) =>
        tree.read(path).includes('export default defineExample(')
          ? []
          : [`${path} has no export default defineExample(…)`],
      ),
      ...matching(tree, /^(packages\/[^/]+\/examples\/results\/[^/]+)\.ts$/).flatMap(({ path }) =>
        tree.read(path).includes('export default defineResult(')
          ? []
          : [`${path} has no export default defineResult(…)`],
      ),
      ...matching(tree, /^(packages\/[^/]+\/examples\/results\/[^/]+)\.json$/).flatMap(({ path, match }) =>
        tree.files.includes(`${match[1]}.ts`) ? [] : [`${path} has no entry beside it`],
      ),
    ],
  },
  {
    name: 'the source condition is not published',
    why: 'Published packages carry no TypeScript sources; a condition that points at them breaks bundlers. Apps are private.',
    violations: (tree) =>
      matching(tree, /^(?:packages|apps)\/[^/]+\/package\.json$/).flatMap(({ path }) => {
        const manifest = JSON.parse(tree.read(path)) as { private?: boolean; publishConfig?: { exports?: unknown } };
        if (manifest.private === true) return [];
        const published = manifest.publishConfig?.exports;
        if (published === undefined) return [`${path} has no publishConfig.exports`];
        return JSON.stringify(published).includes('@heed/source') ? [`${path} publishes @heed/source`] : [];
      }),
  },
  {
    name: 'tests are neither switched off nor singled out',
    why: 'A skipped test is said to be skipped and why, at run time; it is not switched off in the code.',
    violations: (tree) =>
      tree.files
        .filter((path) => source(path) && test(path) && !path.startsWith('tooling/check-structure/'))
        .filter((path) => /\b(it|test|describe)\.(skip|only|todo)\(/.test(tree.read(path))),
  },
  {
    name: 'a reader of foreign bytes is in the list of CONTRIBUTING',
    why: 'What others may have written has limits, which stand in one list; what is in no list is attacked by nobody but attackers.',
    violations: (tree) => {
      const named = namedReaders(tree);
      const gone = named.filter((path) => !tree.files.some((file) => file.startsWith(path)));
      const unnamed = tree.files
        .filter((path) => /^packages\/[^/]+\/src\/.*(?<!\.(test|test-support|test-d|page))\.ts$/.test(path))
        .filter((path) => {
          const text = tree.read(path).replace(/\/\*[^]*?\*\//g, '');
          return TAKES_APART.test(text) || (/\/datasets\//.test(path) && DATASET_READER.test(text));
        })
        .filter((path) => !named.some((reader) => path.startsWith(reader)));
      return [
        ...unnamed.map((path) => `${path} reads foreign bytes and has no row in ${READERS_PAGE}`),
        ...gone.map((path) => `${READERS_PAGE} names ${path}, which is not there`),
      ];
    },
  },
  {
    name: 'workflow actions are pinned by commit',
    why: 'A tag can be moved to other code, which would run with the rights to publish.',
    violations: (tree) =>
      matching(tree, /^\.github\/workflows\/[^/]+\.ya?ml$/).flatMap(({ path }) =>
        Array.from(tree.read(path).matchAll(/\buses:\s*(\S+)/g), ([, action]) => action)
          .filter((action) => !/^(\.\/|[\w.-]+\/[\w./-]+@[0-9a-f]{40}$)/.test(action))
          .map((action) => `${path} uses ${action}`),
      ),
  },
  {
    name: 'fixtures stay small',
    why: 'Data sets and published weights are fetched, never committed.',
    violations: (tree) => {
      const fixtures = tree.files.filter((path) =>
        /^(packages|apps)\/.*\.(safetensors|bin|npy|npz|gz|png|wav|json)$/.test(path),
      );
      const total = fixtures.reduce((sum, path) => sum + tree.bytes(path), 0);
      return total > MAXIMUM_FIXTURE_BYTES
        ? [`${total} bytes in ${fixtures.length} files, at most ${MAXIMUM_FIXTURE_BYTES}`]
        : [];
    },
  },
];
