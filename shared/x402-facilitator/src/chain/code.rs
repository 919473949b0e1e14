use alloy::{
    eips::BlockId,
    primitives::{TxKind, hex},
    providers::Provider,
    rpc::types::TransactionRequest,
    serde::WithOtherFields,
};
use x402::Address;

use super::{Chain, ChainError};

/// A program that takes the 32-byte words behind itself for accounts and returns a byte for each: 1 where it has code.
/// `for (i = 50; i < codesize; i += 32) out[(i - 50) / 32] = extcodesize(word at i) != 0`
const HAVE_CODE: [u8; 50] = hex!(
    "60325b8038116013576032900360051c6020f3"
    "5b6020816000396000513b1515816032900360051c60200153602001600256"
);

impl Chain {
    /// Whether an account has code: then its code, not its key, judges its signatures (ERC-1271).
    pub(crate) async fn has_code(&self, account: Address) -> Result<bool, ChainError> {
        Ok(!self.ask(self.provider.get_code_at(account)).await?.is_empty())
    }

    /// Which of these accounts have code, in one call.
    pub(crate) async fn have_code(&self, accounts: &[Address]) -> Result<Vec<bool>, ChainError> {
        let words = accounts.iter().flat_map(Address::into_word);
        let program: Vec<u8> = HAVE_CODE.into_iter().chain(words).collect();
        let mut request = TransactionRequest::default().input(program.into());
        request.to = Some(TxKind::Create);
        let call = self.provider.call(WithOtherFields::new(request)).block(BlockId::latest());
        let answer = self.ask(call).await?;
        if answer.len() != accounts.len() {
            return Err(ChainError::BadAnswer(format!(
                "{} bytes about {} accounts",
                answer.len(),
                accounts.len()
            )));
        }
        Ok(answer.iter().map(|&byte| byte != 0).collect())
    }
}
