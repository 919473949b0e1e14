//! Bindings of the contracts that payments touch. Only what is called is listed.
#![allow(missing_docs, clippy::too_many_arguments, reason = "the macro expands without documentation")]

use alloy_sol_types::sol;

pub(crate) mod eip3009 {
    alloy_sol_types::sol! {
        struct TransferWithAuthorization {
            address from;
            address to;
            uint256 value;
            uint256 validAfter;
            uint256 validBefore;
            bytes32 nonce;
        }
    }
}

sol! {
    /// USDC (FiatToken v2.2): ERC-20 with EIP-3009, the bytes-signature overload of EIP-7598.
    interface Token {
        event Transfer(address indexed from, address indexed to, uint256 value);
        event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);
        event AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce);

        function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature) external;
        function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);
        function balanceOf(address account) external view returns (uint256);
        function DOMAIN_SEPARATOR() external view returns (bytes32);

        error ERC3009InvalidSignature();
        error ERC3009InvalidAuthorizationTime(uint256 validAfter, uint256 validBefore);
        error ERC3009UsedAuthorization(address authorizer, bytes32 nonce);
        error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
        error ECDSAInvalidSignature();
        error ECDSAInvalidSignatureLength(uint256 length);
        error ECDSAInvalidSignatureS(bytes32 s);
    }

    /// What only the stand-in token of the local chain has.
    interface TestToken {
        function mint(address account, uint256 value) external;
    }

    /// Multicall3.
    interface Multicall3 {
        struct Call3 { address target; bool allowFailure; bytes callData; }
        struct Result { bool success; bytes returnData; }
        function aggregate3(Call3[] calldata calls) external payable returns (Result[] memory returnData);
        function getCurrentBlockTimestamp() external view returns (uint256 timestamp);
        function getBlockNumber() external view returns (uint256 blockNumber);
        function getBlockHash(uint256 blockNumber) external view returns (bytes32 blockHash);
    }
}
