import type {Database, Session} from './database.ts';
import {sql} from './statement.ts';

export interface Layout {
  readonly id: number;
  readonly context: string;
  readonly facets: readonly string[];
}

/**
 * A context and the facets it had: what the bits of a row stand for. A context whose facets were
 * changed has several; all are held in memory.
 */
export class Layouts {
  #layouts: Layout[] = [];

  async load(database: Database): Promise<void> {
    const rows = await database.rows(sql`SELECT id, context, facets FROM layouts ORDER BY id`);
    this.#layouts = rows.map(([id, context, facets]) => ({
      id: Number(id),
      context: String(context),
      facets: JSON.parse(String(facets)),
    }));
  }

  get(id: number): Layout | undefined {
    return this.#layouts[id - 1];
  }

  find(context: string, facets: readonly string[]): Layout | undefined {
    return this.#layouts.find(
      (layout) =>
        layout.context === context && JSON.stringify(layout.facets) === JSON.stringify(facets),
    );
  }

  /** Ids of all layouts a context had. */
  of(context: string): number[] {
    return this.#layouts.filter((layout) => layout.context === context).map(({id}) => id);
  }

  /** Writes a new one; `keep` is to be told once the transaction is done. */
  async add(
    session: Session,
    context: string,
    facets: readonly string[],
    added: Layout[],
  ): Promise<Layout> {
    const known = added.find(
      (layout) =>
        layout.context === context && JSON.stringify(layout.facets) === JSON.stringify(facets),
    );
    if (known !== undefined) return known;
    const layout = {id: this.#layouts.length + added.length + 1, context, facets: [...facets]};
    const names = JSON.stringify(facets);
    await session.run(sql`INSERT INTO layouts VALUES (${layout.id}, ${context}, ${names})`);
    added.push(layout);
    return layout;
  }

  keep(added: readonly Layout[]): void {
    this.#layouts.push(...added);
  }
}
