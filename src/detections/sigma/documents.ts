import {type Problem, readYaml, type YamlFile} from '../../config/parse.ts';

/** Documents of one file, at most. */
const MAX_DOCUMENTS = 10_000;

export interface SigmaDocument {
  readonly file: string;
  /** Where it begins, counted from 1. */
  readonly line: number;
  readonly yaml: YamlFile;
}

/** A marker between documents stands at the beginning of a line, and nowhere else may what it is. */
const MARKER = /^(?:---|\.\.\.)(?=\s|$)/gm;

/** The documents of a file; places of problems are those in the file. */
export function readDocuments(
  file: string,
  text: string,
): (SigmaDocument | {readonly problems: readonly Problem[]; readonly line: number})[] {
  const documents: ReturnType<typeof readDocuments> = [];
  let from = 0;
  let line = 1;
  const starts = [...text.matchAll(MARKER)].map(({index}) => index).filter((index) => index > 0);
  for (const end of [...starts, text.length]) {
    // Of one that ends in "...", the marker begins what comes next.
    const part = text.slice(from, end).replace(/^\.\.\.(?=\s|$)/, '   ');
    const above = line - 1;
    if (/^(?!---\s*$)\s*[^\s#]/m.test(part)) {
      if (documents.length >= MAX_DOCUMENTS) {
        const message = `More than ${MAX_DOCUMENTS} documents`;
        documents.push({problems: [{file, line, column: 1, path: '', message}], line});
        break;
      }
      const read = readYaml(file, part);
      if (!read.ok) {
        documents.push({problems: read.problems.map((each) => moved(each, above)), line});
      } else {
        const {value} = read;
        const yaml: YamlFile = {
          ...value,
          problemAt: (...given) => moved(value.problemAt(...given), above),
          problemsOf: (...given) => value.problemsOf(...given).map((each) => moved(each, above)),
        };
        const [lead = ''] = /^(?:---|\s|#.*)*/.exec(part) ?? [];
        documents.push({file, line: line + lead.split('\n').length - 1, yaml});
      }
    }
    line += part.split('\n').length - 1;
    from = end;
  }
  return documents;
}

function moved(problem: Problem, lines: number): Problem {
  return {...problem, line: problem.line + lines};
}
