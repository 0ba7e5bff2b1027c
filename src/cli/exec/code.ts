/** What marks a run of `holdfast exec` in the journal, in place of the hash of an automation's file. */
export const EXEC_CODE = "holdfast exec";
