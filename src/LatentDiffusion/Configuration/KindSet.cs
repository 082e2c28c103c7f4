using System.Reflection;

namespace LatentDiffusion.Configuration;

/// <summary>The kinds of an abstract configuration record, or the one kind of a record that is such a kind.</summary>
internal sealed class KindSet
{
    /// <summary>The key that chooses the kind.</summary>
    public const string Key = "kind";

    private readonly Dictionary<string, Type> _types;

    private KindSet(IEnumerable<Type> types) =>
        _types = types.ToDictionary(type =>
            NameOf(type) ?? throw new InvalidOperationException($"{type.Name} is a kind without a [ConfigKind].")
        );

    public IReadOnlyList<string> Names => [.. _types.Keys];

    public IReadOnlyList<Type> Types => [.. _types.Values];

    public Type? Find(string name) => _types.GetValueOrDefault(name);

    /// <summary>The kinds of the record; null for one that has no <c>kind</c> key.</summary>
    public static KindSet? Of(Type type)
    {
        if (type.GetCustomAttribute<ConfigKindsAttribute>(inherit: false) is { } kinds)
        {
            return kinds.Kinds.FirstOrDefault(kind => !kind.IsAssignableTo(type)) is { } stranger
                ? throw new InvalidOperationException($"{stranger.Name} is no {type.Name}.")
                : new KindSet(kinds.Kinds);
        }

        return NameOf(type) is not null ? new KindSet([type])
            : type.IsAbstract
                ? throw new InvalidOperationException($"{type.Name} is abstract and has no [ConfigKinds].")
            : null;
    }

    /// <summary>The kind a record is, or null.</summary>
    public static string? NameOf(Type type) => type.GetCustomAttribute<ConfigKindAttribute>(inherit: false)?.Kind;
}
