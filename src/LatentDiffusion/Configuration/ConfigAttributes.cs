namespace LatentDiffusion.Configuration;

/// <summary>
/// On an abstract configuration record: the records its <c>kind</c> key may choose from. The set is closed, so a file
/// can never name a type of its own.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ConfigKindsAttribute(params Type[] kinds) : Attribute
{
    /// <summary>The records to choose from, each marked with <see cref="ConfigKindAttribute"/>.</summary>
    public IReadOnlyList<Type> Kinds => kinds;
}

/// <summary>The value of <c>kind</c> that chooses this record.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ConfigKindAttribute(string kind) : Attribute
{
    /// <summary>The value of the <c>kind</c> key, for example <c>kl</c>.</summary>
    public string Kind => kind;
}

/// <summary>
/// The text (or every text of a list) is a path. The bound record holds it absolute: a relative path written in a file
/// starts at that file's folder, so a configuration may be moved together with its data and used from anywhere; a
/// relative path given as an override, or in a document that is no file, starts at the current directory, as a shell
/// completes it. A default is not resolved, so such a property should be required or default to null.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class ConfigPathAttribute : Attribute;

/// <summary>A bound of a number or of every number of a list.</summary>
public abstract class ConfigLimitAttribute(double limit) : Attribute
{
    /// <summary>The bound itself.</summary>
    public double Limit => limit;

    /// <summary>Whether the bound itself is refused.</summary>
    public bool Exclusive { get; init; }

    /// <summary>Whether <paramref name="value"/> is within the bound.</summary>
    public abstract bool Allows(double value);

    /// <summary>The bound in words, for example <c>at least 1</c>.</summary>
    public abstract string InWords { get; }

    /// <summary>The bound in symbols, for example <c>≥ 1</c>.</summary>
    public abstract string InSymbols { get; }
}

/// <summary>The least value a number may have; with <see cref="ConfigLimitAttribute.Exclusive"/> it must be above.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class MinimumAttribute(double limit) : ConfigLimitAttribute(limit)
{
    /// <inheritdoc/>
    public override bool Allows(double value) => Exclusive ? value > Limit : value >= Limit;

    /// <inheritdoc/>
    public override string InWords => $"{(Exclusive ? "greater than" : "at least")} {ScalarFormat.Number(Limit)}";

    /// <inheritdoc/>
    public override string InSymbols => $"{(Exclusive ? '>' : '≥')} {ScalarFormat.Number(Limit)}";
}

/// <summary>The greatest value a number may have; with <see cref="ConfigLimitAttribute.Exclusive"/> it must be below.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class MaximumAttribute(double limit) : ConfigLimitAttribute(limit)
{
    /// <inheritdoc/>
    public override bool Allows(double value) => Exclusive ? value < Limit : value <= Limit;

    /// <inheritdoc/>
    public override string InWords => $"{(Exclusive ? "less than" : "at most")} {ScalarFormat.Number(Limit)}";

    /// <inheritdoc/>
    public override string InSymbols => $"{(Exclusive ? '<' : '≤')} {ScalarFormat.Number(Limit)}";
}
