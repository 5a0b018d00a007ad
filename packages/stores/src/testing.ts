export { findTool, type ToolName } from "./tools.ts";
