import { expect, test } from "vitest";
import { planTree } from "./plan.ts";

/** As MySQL 8 writes it, by its Reference Manual, "EXPLAIN Output Format". */
const mysql = {
  query_block: {
    select_id: 1,
    cost_info: { query_cost: "12.35" },
    ordering_operation: {
      using_filesort: true,
      nested_loop: [
        {
          table: {
            table_name: "p",
            access_type: "ALL",
            possible_keys: ["PRIMARY"],
            rows_examined_per_scan: 10,
            rows_produced_per_join: 3,
            filtered: "33.33",
            cost_info: { read_cost: "1.00", eval_cost: "0.33", prefix_cost: "1.33", data_read_per_join: "2K" },
            used_columns: ["id", "city"],
            attached_condition: "(`p`.`year` > 2001)",
          },
        },
        {
          table: {
            table_name: "<derived2>",
            access_type: "ref",
            key: "<auto_key0>",
            used_key_parts: ["property_id"],
            rows_examined_per_scan: 2,
            filtered: "100.00",
            using_join_buffer: "hash join",
            materialized_from_subquery: {
              using_temporary_table: true,
              query_block: { select_id: 2, message: "No tables used" },
            },
          },
        },
      ],
    },
    select_list_subqueries: [
      { dependent: true, query_block: { select_id: 3, table: { table_name: "s", access_type: "eq_ref" } } },
    ],
  },
};

/** The same statement as MariaDB 10.11 writes it. */
const mariadb = {
  query_block: {
    select_id: 1,
    cost: 12.35,
    filesort: {
      sort_key: "p.price",
      temporary_table: {
        nested_loop: [
          {
            table: {
              table_name: "p",
              access_type: "ALL",
              possible_keys: ["PRIMARY"],
              rows: 10,
              filtered: 33.33,
              attached_condition: "p.`year` > 2001",
            },
          },
          {
            "block-nl-join": {
              table: {
                table_name: "<derived2>",
                access_type: "ALL",
                rows: 2,
                materialized: { query_block: { select_id: 2 } },
              },
              join_type: "BNLH",
              attached_condition: "x = 1",
            },
          },
        ],
      },
    },
    subqueries: [{ query_block: { select_id: 3, table: { table_name: "s", access_type: "eq_ref" } } }],
  },
};

test("a plan of MySQL is a tree", () => {
  expect(planTree(mysql)).toEqual({
    operation: "select",
    cost: 12.35,
    steps: [
      {
        operation: "sort",
        notes: ["sorts"],
        steps: [
          {
            operation: "join",
            steps: [
              {
                operation: "table",
                table: "p",
                access: "ALL",
                possibleIndexes: ["PRIMARY"],
                rows: 10,
                keptPercent: 33.33,
                cost: 1.33,
                condition: "(`p`.`year` > 2001)",
              },
              {
                operation: "table",
                table: "<derived2>",
                access: "ref",
                index: "<auto_key0>",
                indexColumns: ["property_id"],
                rows: 2,
                keptPercent: 100,
                notes: ["join buffer: hash join"],
                steps: [
                  {
                    operation: "materialize",
                    notes: ["temporary table"],
                    steps: [{ operation: "select", notes: ["No tables used"] }],
                  },
                ],
              },
            ],
          },
        ],
      },
      {
        operation: "subquery",
        steps: [{ operation: "select", steps: [{ operation: "table", table: "s", access: "eq_ref" }] }],
      },
    ],
  });
});

test("a plan of MariaDB has the same shape", () => {
  expect(planTree(mariadb)).toMatchObject({
    operation: "select",
    cost: 12.35,
    steps: [
      {
        operation: "sort",
        notes: ["by p.price"],
        steps: [
          {
            operation: "temporary table",
            steps: [
              {
                operation: "join",
                steps: [
                  { operation: "table", table: "p", rows: 10, keptPercent: 33.33, condition: "p.`year` > 2001" },
                  {
                    operation: "table",
                    table: "<derived2>",
                    condition: "x = 1",
                    notes: ["join buffer: BNLH"],
                    steps: [{ operation: "materialize", steps: [{ operation: "select" }] }],
                  },
                ],
              },
            ],
          },
        ],
      },
      { operation: "subquery" },
    ],
  });
  expect(planTree({})).toEqual({ operation: "select" });
});
