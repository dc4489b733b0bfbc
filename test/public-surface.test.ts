import {join} from 'node:path';
import ts from 'typescript';
import {expect, test} from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/** Every exported name of the library with its type, as its users see it. */
function surface(): string {
  const file = join(ROOT, 'src/index.ts');
  const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
  const {options} = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
  const program = ts.createProgram([file], {...options, noEmit: true});
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error('src/index.ts exports nothing');
  const flags = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.InTypeAlias;
  const typeOf = (symbol: ts.Symbol) =>
    checker.typeToString(checker.getTypeOfSymbol(symbol), undefined, flags);
  return checker
    .getExportsOfModule(module)
    .map((symbol) =>
      symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((symbol) => {
      if (symbol.flags & ts.SymbolFlags.Function) return `${symbol.name}: ${typeOf(symbol)}`;
      const type = checker.getDeclaredTypeOfSymbol(symbol);
      if (symbol.flags & ts.SymbolFlags.TypeAlias) {
        return `${symbol.name} = ${checker.typeToString(type, undefined, flags)}`;
      }
      const members = checker.getPropertiesOfType(type).filter(({declarations}) =>
        // What the runtime's own errors have besides is not ours.
        declarations?.some((d) => d.getSourceFile().fileName.includes('/src/')),
      );
      const lines = members.map((member) => {
        const optional = member.flags & ts.SymbolFlags.Optional ? '?' : '';
        return `  ${member.name}${optional}: ${typeOf(member)}`;
      });
      const kind = symbol.flags & ts.SymbolFlags.Class ? 'class' : 'interface';
      return [`${kind} ${symbol.name}`, ...lines].join('\n');
    })
    .join('\n');
}

test('the public surface is this', () => {
  expect(surface()).toMatchInlineSnapshot(`
    "class AppError
      code: "source_unreadable" | "source_forbidden" | "client_missing" | "output_unwritable" | "snapshot_unreadable" | "snapshot_unwritable" | "model_in_use" | "store_unavailable" | "data_dir_in_use" | "worker_failed" | "journal_damaged" | "journal_unwritable" | "contexts_changed" | "interrupted" | "usage"
      retryable: boolean
    CloudTrailRecord = { readonly [x: string]: unknown; }
    interface ContextDeclaration
      name: string
      entity: string
      group?: string | undefined
      when?: Readonly<Record<string, readonly string[]>> | undefined
      facets: readonly FacetDeclaration[]
      parameters?: Readonly<Record<string, number>> | undefined
    interface DetectorOptions
      contexts?: readonly ContextDeclaration[] | Contexts | undefined
    ErrorCode = "source_unreadable" | "source_forbidden" | "client_missing" | "output_unwritable" | "snapshot_unreadable" | "snapshot_unwritable" | "model_in_use" | "store_unavailable" | "data_dir_in_use" | "worker_failed" | "journal_damaged" | "journal_unwritable" | "contexts_changed" | "interrupted" | "usage"
    interface FacetDeclaration
      name: string
      of: string
      given: readonly (readonly string[])[]
      weight: number
      evidence: boolean
      says?: FacetSentences | undefined
    interface FacetScore
      facet: string
      value: string
      bits: number
      share: number
      knownTo: string
      histories: readonly { readonly name: string; readonly times: number; readonly of: number; readonly distinct: number; readonly firstSeen: number | undefined; readonly lastSeen: number | undefined; }[]
      usual: readonly { readonly value: string; readonly share: number; }[]
    interface FacetSentences
      first: string
      rare: string
      usual?: string | undefined
      holders?: { readonly none: string; readonly others: string; readonly some: string; } | undefined
    class InputFault
      problems: readonly Problem[]
    LoadedContexts = Contexts
    interface NoveltyDetector
      observe: (observation: Readonly<Record<string, unknown>> | Observation) => NoveltyScore
      score: (observation: Readonly<Record<string, unknown>> | Observation) => NoveltyScore
      observeAll: (observations: Iterable<Readonly<Record<string, unknown>> | Observation>) => NoveltyScore[]
      scoreAll: (observations: Iterable<Readonly<Record<string, unknown>> | Observation>) => NoveltyScore[]
      snapshot: () => Uint8Array<ArrayBufferLike>
      contexts: readonly ContextDeclaration[]
    interface NoveltyScore
      score: number
      surprise: number
      raised: number
      context: string | undefined
      facets: readonly FacetScore[]
      mostNovel: FacetScore | undefined
      reason: string
    interface Observation
      time: string | number
      fields: { readonly [x: string]: string; }
    createDetector: (options?: DetectorOptions) => NoveltyDetector
    loadContexts: (file?: string | undefined) => Promise<Contexts>
    restoreDetector: (bytes: Uint8Array<ArrayBufferLike>) => NoveltyDetector"
  `);
});
