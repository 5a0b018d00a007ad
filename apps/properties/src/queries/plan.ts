/** A step of a plan; it gets its rows from those below it, in their order. */
export interface PlanStep {
  /** What it does: `select`, `table`, `sort`, `temporary table`, `join`, `union`, `subquery`, … */
  operation: string;
  /** Of a table: its name or alias, how its rows are found, by which index, and the condition on them. */
  table?: string;
  access?: string;
  index?: string;
  indexColumns?: string[];
  possibleIndexes?: string[];
  /** The estimated rows per execution, and the percentage of them that the condition keeps. */
  rows?: number;
  keptPercent?: number;
  /** The estimated cost, in the server's own unit. */
  cost?: number;
  condition?: string;
  /** What else the server says: by what it sorts, that an index covers the columns, that it reads nothing. */
  notes?: string[];
  steps?: PlanStep[];
}

type Json = Record<string, unknown>;

/** The keys of MySQL 8 and of MariaDB that are a step, with what it does. */
const operations: Record<string, string> = {
  ordering_operation: "sort",
  filesort: "sort",
  grouping_operation: "group",
  duplicates_removal: "distinct",
  temporary_table: "temporary table",
  buffer_result: "temporary table",
  windowing: "window",
  window_functions_computation: "window",
  union_result: "union",
  recursive_union: "recursion",
  intersect_result: "intersect",
  except_result: "except",
  unary_result: "unary",
  materialized: "materialize",
  materialized_from_subquery: "materialize",
  expression_cache: "cache",
};

/** Their lists of subqueries, by where they stand in the statement. */
const subqueries = /(?:^|_)subqueries$/;

/**
 * The tree of a plan from what EXPLAIN FORMAT=JSON says. MySQL 8 (format 1) and MariaDB use different keys for the same, so both become one
 * shape; a key that is not known is passed through to what is below it.
 */
export function planTree(explained: unknown): PlanStep {
  const [first, ...others] = stepsOf(explained as Json);
  if (!first) return { operation: "select" };
  return others.length === 0 ? first : { operation: "select", steps: [first, ...others] };
}

/** The steps in an object of the plan, which is no step itself. */
function stepsOf(object: Json): PlanStep[] {
  return Object.entries(object).flatMap(([key, value]) => stepsAt(key, value));
}

function stepsAt(key: string, value: unknown): PlanStep[] {
  if (Array.isArray(value)) {
    const inner = value.filter(isObject);
    if (key === "nested_loop") return joined(inner.flatMap(stepsOf));
    const steps = inner.flatMap(stepsOf);
    return subqueries.test(key) ? steps.map((step) => stepWith("subquery", {}, [step])) : steps;
  }
  if (!isObject(value)) return [];
  if (key === "query_block") return [selectStep(value)];
  if (key === "table") return [tableStep(value)];
  if (key === "block-nl-join" || key === "range-checked-for-each-record") return [joinedTable(key, value)];
  const operation = operations[key];
  return operation === undefined ? stepsOf(value) : [stepWith(operation, value, stepsOf(value))];
}

function joined(steps: PlanStep[]): PlanStep[] {
  return steps.length < 2 ? steps : [{ operation: "join", steps }];
}

function selectStep(block: Json): PlanStep {
  return stepWith("select", block, stepsOf(block));
}

/** A table that is joined by a buffer, or whose index is chosen for each row of those before it. */
function joinedTable(key: string, value: Json): PlanStep {
  const { table, ...rest } = value;
  const [inner] = stepsAt("table", table);
  if (!inner) return stepWith(key, value, stepsOf(value));
  const condition = [inner.condition, text(rest.attached_condition)].filter((one) => one !== undefined).join(" and ");
  const how =
    key === "block-nl-join" ? [`join buffer: ${text(rest.join_type) ?? "BNL"}`] : ["index chosen for each row"];
  return { ...inner, ...(condition === "" ? {} : { condition }), notes: [...how, ...(inner.notes ?? [])] };
}

function tableStep(table: Json): PlanStep {
  const cost = isObject(table.cost_info) ? table.cost_info : {};
  return compact({
    operation: "table",
    table: text(table.table_name),
    access: text(table.access_type),
    index: text(table.key),
    indexColumns: texts(table.used_key_parts),
    possibleIndexes: texts(table.possible_keys),
    rows: number(table.rows ?? table.rows_examined_per_scan),
    keptPercent: number(table.filtered),
    cost: number(table.cost ?? cost.prefix_cost),
    condition: text(table.attached_condition),
    notes: notesOf(table),
    steps: stepsOf(table),
  });
}

function stepWith(operation: string, value: Json, steps: PlanStep[]): PlanStep {
  const cost = isObject(value.cost_info) ? value.cost_info : {};
  return compact({
    operation,
    cost: number(value.cost ?? cost.query_cost),
    condition: text(value.having_condition ?? value.const_condition ?? value.outer_ref_condition),
    notes: notesOf(value),
    steps,
  });
}

/** What is said beside the numbers, in words. */
const flags: Record<string, string> = {
  using_index: "index covers the columns",
  using_temporary_table: "temporary table",
  using_filesort: "sorts",
  using_join_buffer: "join buffer",
  using_index_for_group_by: "index gives the groups",
  distinct: "stops at the first row",
  not_exists: "stops at the first row",
  dependent: "once for each row",
};
const details: Record<string, string> = {
  message: "",
  sort_key: "by ",
  index_condition: "by the index: ",
  first_match: "first match for ",
  operation: "",
};

function notesOf(value: Json): string[] {
  const said = Object.entries(flags).flatMap(([key, words]) => {
    const flag = value[key];
    if (flag === undefined || flag === false || flag === null) return [];
    return [typeof flag === "string" ? `${words}: ${flag}` : words];
  });
  const more = Object.entries(details).flatMap(([key, before]) => {
    const detail = text(value[key]);
    return detail === undefined ? [] : [before + detail];
  });
  return [...said, ...more];
}

function compact(step: { [F in keyof PlanStep]: PlanStep[F] | undefined } & { operation: string }): PlanStep {
  const given = Object.entries(step).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(given) as unknown as PlanStep;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function texts(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.map(String) : undefined;
}

/** A number of the plan; MySQL writes some as strings. */
function number(value: unknown): number | undefined {
  const found = typeof value === "string" ? Number.parseFloat(value) : value;
  return typeof found === "number" && Number.isFinite(found) ? found : undefined;
}
