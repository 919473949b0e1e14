//! A node that lags: questions about the newest block become questions about an older one.

use hyper::body::Bytes;
use serde_json::{Value, json};

use super::{
    call::{Calls, edit_answers},
    server::quantity,
};

/// The same calls, about the block `head` where they are about the newest.
pub(crate) fn as_of(calls: &Calls, head: u64) -> Calls {
    let mut calls = calls.clone();
    calls.as_mut_slice().iter_mut().for_each(|call| look_back(call, head));
    calls
}

/// Where in the parameters of a method a block stands.
fn block_parameter(method: &str) -> Option<usize> {
    match method {
        "eth_getBlockByNumber" => Some(0),
        "eth_call"
        | "eth_estimateGas"
        | "eth_getBalance"
        | "eth_getCode"
        | "eth_getTransactionCount"
        | "eth_feeHistory" => Some(1),
        "eth_getStorageAt" => Some(2),
        _ => None,
    }
}

fn look_back(call: &mut Value, head: u64) {
    let method = call["method"].as_str().unwrap_or_default();
    let (index, is_logs) = (block_parameter(method), method == "eth_getLogs");
    let Some(Value::Array(parameters)) = call.get_mut("params") else { return };
    match index {
        None if is_logs => parameters.first_mut().map_or((), |filter| end_logs(filter, head)),
        Some(index) if index == parameters.len() => parameters.push(hex(head)),
        Some(index) if index < parameters.len() => move_tag(&mut parameters[index], head),
        _ => {}
    }
}

fn move_tag(block: &mut Value, head: u64) {
    if block.is_null() || *block == "latest" || *block == "pending" {
        *block = hex(head);
    }
}

/// Logs end at the head, whatever later number the filter names.
fn end_logs(filter: &mut Value, head: u64) {
    let Some(filter) = filter.as_object_mut().filter(|filter| !filter.contains_key("blockHash")) else {
        return;
    };
    let end = filter.entry("toBlock").or_insert(Value::Null);
    move_tag(end, head);
    if quantity(end).is_some_and(|number| number > head) {
        *end = hex(head);
    }
}

/// The number of the newest block is the old one, and receipts of later blocks are not there yet.
pub(crate) fn hide_what_came_later(body: &Bytes, calls: &Calls, head: u64) -> Bytes {
    edit_answers(body, |answers| {
        for answer in answers {
            let call = calls.as_slice().iter().find(|call| call["id"] == answer["id"]);
            hide(call.and_then(|call| call["method"].as_str()).unwrap_or_default(), answer, head);
        }
    })
}

fn hide(method: &str, answer: &mut Value, head: u64) {
    let Some(result) = answer.get_mut("result") else { return };
    match method {
        "eth_blockNumber" => *result = hex(head),
        "eth_getTransactionReceipt" if quantity(&result["blockNumber"]).is_some_and(|n| n > head) => {
            *result = Value::Null;
        }
        _ => {}
    }
}

fn hex(number: u64) -> Value {
    json!(format!("{number:#x}"))
}
