using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Text;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Conditioning;

/// <summary>Turns prompts into context tokens. The null condition is the empty prompt.</summary>
public sealed class TextConditioner : SingleConditioner
{
    private readonly ITokenizer _tokenizer;
    private readonly ITokenEncoder _encoder;
    private readonly nn.Module _network;

    private TextConditioner(
        SingleConditionerConfig config,
        ITokenizer tokenizer,
        ITokenEncoder encoder,
        nn.Module network
    )
        : base(config) => (_tokenizer, _encoder, _network) = (tokenizer, encoder, network);

    /// <inheritdoc/>
    public override nn.Module Network => _network;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Vocabularies => [_tokenizer.Vocabulary];

    /// <summary>A text transformer with fresh weights, to be trained with the UNet.</summary>
    /// <param name="config">Its shape.</param>
    /// <param name="tokenizer">Makes the tokens.</param>
    public static TextConditioner Create(TextTransformerConfig config, ITokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(tokenizer);
        var network = new TokenTransformer(tokenizer.VocabularySize, config.MaxLength, config.EmbedDim, config.Depth);
        return new TextConditioner(config, tokenizer, network, network);
    }

    /// <summary>CLIP's text transformer, not to be trained; its weights are yet to be loaded.</summary>
    /// <param name="config">Its shape.</param>
    /// <param name="tokenizer">Makes the tokens.</param>
    public static TextConditioner Create(ClipTextConfig config, ITokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(tokenizer);
        var network = new ClipTextTransformer(
            tokenizer.VocabularySize,
            config.MaxLength,
            config.EmbedDim,
            config.Depth,
            config.Heads
        );
        foreach (var parameter in network.parameters())
        {
            parameter.requires_grad_(false);
        }

        return new TextConditioner(config, tokenizer, network, network);
    }

    /// <summary>A prompt as the sequence that the encoder gets.</summary>
    public PromptTokens Tokenize(Prompt prompt) => PromptTokens.Of(_tokenizer, prompt, _encoder.Length);

    /// <inheritdoc/>
    public override Condition Encode(IReadOnlyList<ConditionInput> inputs, LatentSize? size = null)
    {
        using var scope = NewDisposeScope();
        var sequences = inputs.Select(input => Tokenize(input.Prompt ?? Prompt.Empty)).ToList();
        var ids = sequences.SelectMany(sequence => sequence.Ids.Select(id => (long)id)).ToArray();
        var tokens = _encoder.Forward(tensor(ids, [inputs.Count, _encoder.Length]));
        if (sequences.Any(sequence => sequence.AreWeighted))
        {
            tokens = TokenWeights.Apply(tokens, [.. sequences.Select(sequence => sequence.Weights)]);
        }

        return new Condition(Context: tokens.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override string? CutFrom(ConditionInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Tokenize(input.Prompt ?? Prompt.Empty).Cut;
    }

    /// <inheritdoc/>
    public override ConditionInput Take(ConditionInput into, ConditionInput from) => into with { Prompt = from.Prompt };

    /// <inheritdoc/>
    protected override bool Has(ConditionInput input) => input.Prompt is not null;
}
